# Owner: this service. The template wrote it once and leaves it to you.
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from app.settings import settings

URL_OF_DATABASE = URL.create(
{% if cookiecutter.database == "postgres" %}
    "postgresql+psycopg",
{% else %}
    "mysql+aiomysql",  # MariaDB too
{% endif %}
    host=settings.db_host,
    port=settings.db_port,
    database=settings.db_name,
    username=settings.db_user,
    password=settings.db_password.get_secret_value(),
)
# A dead connection (restarted server, swapped database) is replaced and causes no error.
engine = create_async_engine(URL_OF_DATABASE, pool_pre_ping=True, connect_args={"connect_timeout": 3})
# Rows stay readable after a commit: loading them again would be a query that is not awaited.
open_session = async_sessionmaker(engine, expire_on_commit=False)


async def ping() -> None:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
