# Owner: this service. The template wrote it once and leaves it to you.
"""enrolment"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "enrolment",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("learner_id", sa.Integer(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["course_id"], ["course.id"], name=op.f("fk_enrolment_course_id_course"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["learner.id"], name=op.f("fk_enrolment_learner_id_learner"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("course_id", "learner_id", name=op.f("pk_enrolment")),
    )
    op.create_index(op.f("ix_enrolment_learner_id"), "enrolment", ["learner_id"])


def downgrade() -> None:
    op.drop_table("enrolment")
