"""The page of the healthcheck: one that renders a template and uses the database, of each framework."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.adopt import test_fill_files
from tests.adopt.read_trees import Tree, notes, reading
from tools.adopt.fill.points import open_points

DJANGO = {
    "requirements.txt": "django\npsycopg\n",
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
    "execute_from_command_line(sys.argv)\n",
    "shop/__init__.py": "",
    "shop/settings.py": "ROOT_URLCONF = 'shop.urls'\nMIDDLEWARE = []\n"
    "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': os.environ['DB_HOST']}}\n",
    "cart/__init__.py": "",
    "cart/templates/cart/home.html": "",
}
VIEWS = """\
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.shortcuts import get_object_or_404, render
from django.views import generic
from django.views.decorators.http import require_GET
from .models import Item


def plain(request):
    return render(request, "cart/home.html", {})


def items():
    return Item.objects.all()


@require_GET
def listed(request):
    return render(request, "cart/home.html", {"items": items()})


@login_required
def mine(request):
    return render(request, "cart/home.html", {"items": items()})


def one(request):
    return render(request, "cart/home.html", {"item": get_object_or_404(Item, slug="a")})


def known(request):
    if not request.user.is_authenticated:
        return redirect("login")
    return render(request, "cart/home.html", {"items": items()})


def other(request):
    return render(request, "of/a/package.html", {"items": items()})


def data(request):
    return JsonResponse({"items": list(Item.objects.values())})


class Base(generic.ListView):
    model = Item


class Items(Base):
    template_name = "cart/home.html"


class Mine(LoginRequiredMixin, Base):
    template_name = "cart/home.html"


class Plain(generic.TemplateView):
    template_name = "cart/home.html"


class Unknown(package.View):
    template_name = "cart/home.html"
"""
CART = "from django.urls import include, path, re_path\nfrom django.contrib import admin\nfrom cart import views\n"
LOGIN = "path('admin/', admin.site.urls)"


def django(*routes: str, **more: str) -> Tree:
    urls = CART + "urlpatterns = [\n" + "".join(f"    {route},\n" for route in routes) + "]\n"
    return {**DJANGO, "cart/views.py": VIEWS, "shop/urls.py": urls, **more}


FLASK = {"requirements.txt": "flask\npsycopg\n", "shop/templates/home.html": "", "shop/__init__.py": ""}
HOME = "def home():\n    return render_template('home.html', items=db.session.execute(query))\n"
APP = "from flask import Flask\napp = Flask(__name__)\nos.environ['DATABASE_URL']\n"
FASTAPI = {"requirements.txt": "fastapi\npsycopg\n", "shop/templates/home.html": "", "shop/__init__.py": ""}
API = "from fastapi import FastAPI\napp = FastAPI()\n"
ASYNC = (
    "async def home(request: Request, db: Session = Depends(get_db)):\n"
    "    return templates.TemplateResponse(request, 'home.html')\n"
)
USER = ASYNC.replace("db: Session = Depends(get_db)", "user: User = Depends(get_current_user)")
EXPRESS = {
    "package.json": '{"dependencies": {"express": "4", "pg": "8"}}',
    "views/home.ejs": "",
    "src/app.js": "const app = express();\nconst shop = require('./routes/shop');\napp.use('/shop', shop);\n",
}


def nest(method: str, **more: str) -> Tree:
    return {
        "package.json": '{"dependencies": {"@nestjs/core": "10", "pg": "8"}}',
        "views/home.hbs": "",
        "src/cart.controller.ts": f"@Controller('cart')\nexport class Cart {{\n  {method}\n}}\n",
        **more,
    }


SHOWN = "async (req, res) => { res.render('home', {items: await Item.findAll()}); }"

TREES: dict[str, tuple[Tree, str | None]] = {
    "django: with a query before one without": (
        django("path('', views.plain)", "path('list/', views.listed)", LOGIN),
        "/list/",
    ),
    "django: the login page before a page without a query": (django("path('', views.plain)", LOGIN), "/admin/login/"),
    "django: a page without a query": (django("path('', views.plain)"), "/"),
    "django: a login is needed": (
        django(
            *("path('a/', views.mine)", "path('b/', views.Mine.as_view())", "path('c/', views.known)"),
            *(
                "path('d/', login_required(views.listed))",
                "path('e/', views.one)",
                "path('f/', views.Unknown.as_view())",
            ),
            "path('g/<int:id>/', views.listed)",
        ),
        None,
    ),
    "django: not their template": (django("path('', views.other)", "path('x/', views.data)"), None),
    "django: a class": (django("path('i/', views.Items.as_view())", LOGIN), "/i/"),
    "django: a template in the route": (
        django("re_path(r'^p/$', generic.TemplateView.as_view(template_name='cart/home.html'))"),
        "/p/",
    ),
    "django: a list by its name, with the template of its model": (
        django(
            "path('a/', view=books)",
            **{
                "shop/urls.py": "from shop.views import books\nurlpatterns = [path('a/', view=books)]\n",
                "shop/views.py": "from django.views.generic import ListView\nclass Books(ListView):\n    model = Book\n"
                "books = Books.as_view()\n",
                "shop/templates/shop/book_list.html": "",
            },
        ),
        "/a/",
    ),
    "django: a list whose template is missing": (
        django("path('a/', views.Base.as_view())", LOGIN),
        "/admin/login/",
    ),
    "django: included": (
        django(
            "path('cart/', include('cart.urls'))",
            **{"cart/urls.py": f"{CART}urlpatterns = [path('l', views.listed)]\n"},
        ),
        "/cart/l",
    ),
    "django: included by its module": (
        django(
            "path('cart/', include((urls, 'cart')))",
            **{
                "cart/urls.py": "from . import views\nurlpatterns = [path('l', views.listed)]\n",
                "shop/urls.py": "from cart import urls\nfrom django.urls import *\n"
                "urlpatterns = [path('cart/', include((urls, 'cart')))]\n",
            },
        ),
        "/cart/l",
    ),
    "django: only if a setting says so": (
        django(
            "path('x/', views.data)",
            **{"shop/urls.py": f"{CART}urlpatterns = []\nif DEBUG:\n    urlpatterns += [{LOGIN}]\n"},
        ),
        None,
    ),
    "django: below a language": (
        django(**{"shop/urls.py": f"{CART}urlpatterns = i18n_patterns({LOGIN}) + [path('l', views.listed)]\n"}),
        "/l",
    ),
    "django: all of it is for known users": (
        django(
            "path('l/', views.listed)",
            LOGIN,
            **{"shop/settings.py": "ROOT_URLCONF = 'shop.urls'\nMIDDLEWARE = ['a.LoginRequiredMiddleware']\n"},
        ),
        "/admin/login/",
    ),
    "django: a login without its template": (django("path('accounts/', include('django.contrib.auth.urls'))"), None),
    "django: a view of the login of its own": (
        django(
            "",
            **{
                "shop/login.py": "from django.contrib.auth import views\nclass Login(views.LoginView):\n    pass\n",
                "shop/urls.py": f"{CART}from .login import Login\nurlpatterns = [path('l/login/', Login.as_view())]\n",
                "cart/templates/registration/login.html": "",
            },
        ),
        "/l/login/",
    ),
    "django: an XML file is not a page": (
        django(
            "path('a/', views.map)",
            **{"cart/views.py": "def map(request):\n    return render(request, 'a/map.xml')\n", "a/map.xml": ""},
        ),
        None,
    ),
    "django: a login with its template": (
        django("path('accounts/', include('django.contrib.auth.urls'))", **{"templates/registration/login.html": ""}),
        "/accounts/login/",
    ),
    "flask": ({**FLASK, "shop/app.py": f"{APP}@app.route('/home')\n{HOME}"}, "/home"),
    "flask: before a health page without a query": (
        {**FLASK, "shop/app.py": f"{APP}@app.get('/')\n{HOME}\n@app.get('/health')\ndef health():\n    return 'ok'\n"},
        "/",
    ),
    "flask: a blueprint": (
        {
            **FLASK,
            "shop/app.py": f"{APP}from .cart import cart as part\napp.register_blueprint(part, url_prefix='/cart')\n",
            "shop/cart.py": f"cart = Blueprint('cart', __name__, url_prefix='/no')\n@cart.route('/')\n{HOME}",
        },
        "/cart/",
    ),
    "flask: a factory, a package as blueprint, and a part of it": (
        {
            **FLASK,
            "shop/__init__.py": "from . import main\ndef create_app():\n    app = Flask(__name__)\n"
            "    app.register_blueprint(main.bp)\n    return app\n",
            "shop/main/__init__.py": "bp = Blueprint('main', __name__, url_prefix='/m')\nfrom . import views\n",
            "shop/main/views.py": "from . import bp\nfrom shop.main.inner import inner\n"
            "bp.register_blueprint(inner, url_prefix='/i')\n",
            "shop/main/inner.py": f"inner = Blueprint('inner', __name__)\n@inner.route('/home')\n{HOME}",
        },
        "/m/i/home",
    ),
    "flask: registered twice": (
        {
            **FLASK,
            "shop/app.py": f"{APP}from .cart import cart\napp.register_blueprint(cart, url_prefix='/a')\n"
            "app.register_blueprint(cart, url_prefix='/b')\n",
            "shop/cart.py": f"cart = Blueprint('cart', __name__)\n@cart.route('/')\n{HOME}",
        },
        None,
    ),
    "flask: a blueprint that is not registered": (
        {**FLASK, "shop/app.py": APP, "shop/cart.py": f"cart = Blueprint('cart', __name__)\n@cart.route('/')\n{HOME}"},
        None,
    ),
    "flask: a login is needed": (
        {**FLASK, "shop/app.py": f"{APP}@app.route('/')\n@login_required\n{HOME}\n@app.route('/<int:id>')\n{HOME}"},
        None,
    ),
    "flask: a login before each request": (
        {**FLASK, "shop/app.py": f"{APP}@app.before_request\ndef a():\n    abort(401)\n@app.route('/')\n{HOME}"},
        None,
    ),
    "flask: only for POST": ({**FLASK, "shop/app.py": f"{APP}@app.route('/', methods=['POST'])\n{HOME}"}, None),
    "fastapi": ({**FASTAPI, "shop/app.py": f"{API}@app.get('/', response_class=HTMLResponse)\n{ASYNC}"}, "/"),
    "fastapi: a router": (
        {
            **FASTAPI,
            "shop/app.py": f"{API}from shop.web import web\napp.include_router(web, prefix='/web')\n",
            "shop/web.py": f"web = APIRouter(prefix='/a')\n@web.get('/b')\n{ASYNC}",
        },
        "/web/a/b",
    ),
    "fastapi: a prefix in the settings": (
        {
            **FASTAPI,
            "shop/app.py": f"{API}from shop.web import web\napp.include_router(web, prefix=settings.API)\n",
            "shop/config.py": "class Settings(BaseSettings):\n    API: str = '/api/v1'\nsettings = Settings()\n",
            "shop/web.py": f"web = APIRouter()\n@web.get('/b')\n{ASYNC}",
        },
        "/api/v1/b",
    ),
    "fastapi: a prefix that is computed": (
        {
            **FASTAPI,
            "shop/app.py": f"{API}from shop.web import web\napp.include_router(web, prefix=settings.API)\n",
            "shop/web.py": f"web = APIRouter()\n@web.get('/b')\n{ASYNC}",
        },
        None,
    ),
    "fastapi: a login is needed": ({**FASTAPI, "shop/app.py": f"{API}@app.get('/')\n{USER}"}, None),
    "express": ({**EXPRESS, "src/app.js": f"app.get('/', {SHOWN});\n"}, "/"),
    "express: a router": ({**EXPRESS, "src/routes/shop.js": f"router.get('/list', {SHOWN});\n"}, "/shop/list"),
    "express: an error is passed on": (
        {**EXPRESS, "src/app.js": f"app.get('/', {SHOWN[:-1]} }} catch (error) {{ next(error) }});\n"},
        "/",
    ),
    "express: a function for missing rows": (
        {**EXPRESS, "src/app.js": f"app.get('/', {SHOWN[:-1]} next(notFound); }});\n"},
        None,
    ),
    "express: a wrapper for errors": ({**EXPRESS, "src/app.js": f"app.get('/', asyncHandler({SHOWN}));\n"}, "/"),
    "express: a function of another module": (
        {
            **EXPRESS,
            "src/routes/shop.js": "const items = require('../items');\nrouter.get('/list', items.list);\n",
            "src/items.js": f"exports.one = (req, res) => {{ next(missing) }};\nexports.list = {SHOWN};\n",
        },
        "/shop/list",
    ),
    "express: a function by its name, which asks for a user": (
        {
            **EXPRESS,
            "src/routes/shop.js": "const { list } = require('../items');\nrouter.get('/list', list);\n",
            "src/items.js": "async function list(req, res) { res.render('home', {user: req.user}); }\n",
        },
        None,
    ),
    "express: a function of a package": (
        {**EXPRESS, "src/routes/shop.js": "const items = require('items');\nrouter.get('/list', items.list);\n"},
        None,
    ),
    "express: a middleware before it": ({**EXPRESS, "src/app.js": f"app.get('/', onlyMembers, {SHOWN});\n"}, None),
    "express: a guard of all": ({**EXPRESS, "src/app.js": f"app.use(requireLogin);\napp.get('/', {SHOWN});\n"}, None),
    "express: in a comment": ({**EXPRESS, "src/app.js": f"// app.get('/', {SHOWN});\n"}, None),
    "express: a request": ({**EXPRESS, "src/a.js": f"axios.get('/', {SHOWN});\n"}, None),
    "nestjs": (
        nest("@Get('/list')\n  @Render('home')\n  async list() { return { items: await this.items.find() }; }"),
        "/cart/list",
    ),
    "nestjs: below the prefix of all": (
        nest(
            "@Get()\n  @Render('home')\n  list() { return {}; }",
            **{"src/main.ts": "const app = await NestFactory.create(A); app.setGlobalPrefix('api');\n"},
        ),
        "/api/cart",
    ),
    "nestjs: a guard": (nest("@Get('a')\n  @UseGuards(Jwt)\n  @Render('home')\n  list() { return {}; }"), None),
    "nestjs: a guard before the route": (
        nest("a() {}\n  @UseGuards(Jwt)\n  @Render('home')\n  @Get('a')\n  list() { return {}; }"),
        None,
    ),
    "nestjs: a guard of the one before": (
        nest(
            "@UseGuards(Jwt)\n  @Get('a')\n  a() { return {}; }\n  @Render('home')\n  @Get('b')\n  b() { return {}; }"
        ),
        "/cart/b",
    ),
    "nestjs: a guard of the controller": (
        nest(
            "",
            **{
                "src/a.controller.ts": "@UseGuards(Jwt)\n@Controller()\nexport class A {\n"
                "  @Get('a')\n  @Render('home')\n  a() { return {}; }\n}\n"
            },
        ),
        None,
    ),
    "nestjs: a guard of all": (
        nest(
            "@Get('a')\n  @Render('home')\n  list() { return {}; }",
            **{"src/main.ts": "const app = await NestFactory.create(A); app.useGlobalGuards(g);\n"},
        ),
        None,
    ),
    "nestjs: versions in the path": (
        nest(
            "@Get('a')\n  @Render('home')\n  list() { return {}; }",
            **{"src/main.ts": "const app = await NestFactory.create(A); app.enableVersioning();\n"},
        ),
        None,
    ),
    "nestjs: a parameter": (nest("@Get('a/:id')\n  @Render('home')\n  one() { return {}; }"), None),
}


@pytest.mark.parametrize("name", TREES)
def test_the_page_shows_most_of_the_service(tmp_path: Path, name: str) -> None:
    tree, path = TREES[name]
    found = reading(tmp_path, tree)
    assert (found.health.value if found.health and found.renders else None) == path


def test_the_check_asks_for_the_page_and_a_redirect_from_it_is_enough(tmp_path: Path) -> None:
    found = reading(tmp_path, TREES["flask: before a health page without a query"][0])
    text = test_fill_files.fill(found)["compose.yaml"]
    assert "# shop/app.py:4: it has a template and asks for no login." in text
    check = yaml.safe_load(text)["services"]["app"]["healthcheck"]["test"][-1]
    assert 'c.request("GET", "/", headers' in check
    assert check.endswith("exit(s >= 400)")
    assert [note for note in notes(found) if "/health is a health page; / is asked" in note]


def test_a_health_page_in_a_part_has_the_prefixes_of_the_others(tmp_path: Path) -> None:
    tree = {
        **FASTAPI,
        "shop/app.py": f"{API}from shop import web\napp.include_router(web.web, prefix='/web')\n",
        "shop/web.py": "web = APIRouter()\n@web.get('/health')\ndef health():\n    return {}\n",
    }
    found = reading(tmp_path, tree)
    assert (found.health and found.health.value, found.renders, found.open) == ("/web/health", False, ())


def test_if_no_page_is_certain_the_pages_are_an_open_point(tmp_path: Path) -> None:
    tree = django("path('mine/', views.mine)", "path('', views.data)")
    files = test_fill_files.fill(reading(tmp_path, tree))
    (point,) = [one for one in open_points(files) if "the page that shows" in one.what]
    assert "(/, shop/urls.py:6; /mine/, shop/urls.py:5)" in point.what
    assert point.file == "compose.yaml"
    assert 'c.request("GET", "/", headers' in yaml.safe_load(point.example)[0]
    # Without an edit, any answer of the home page counts.
    assert "exit(s == 400 or s >= 500)" in files["compose.yaml"]
