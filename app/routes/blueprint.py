"""The site's kind of blueprint: strict JSON bodies, log-in, paging."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask_jwt_extended import get_current_user, jwt_required
from flask_smorest import Blueprint

from flask_smorest_chatbot import JsonBodyParser

from ..errors import ForbiddenError
from ..limits import count_user, counts_by_user
from ..models import User
from ..services.paging import Page

View = Callable[..., Any]


class SiteBlueprint(Blueprint):  # type: ignore[misc]  # untyped
    """A flask-smorest blueprint with the site's own habits."""

    ARGUMENTS_PARSER = JsonBodyParser()

    def _document_pagination_metadata(self, spec: Any, resp_doc: dict[str, Any]) -> None:
        """Document ``X-Pagination`` as it is sent: JSON, not OpenAPI's own notation of objects."""
        schema = {"$ref": "#/components/schemas/PaginationMetadata"}
        resp_doc.setdefault("headers", {})[self.PAGINATION_HEADER_NAME] = {
            "description": "Pagination metadata",
            "content": {"application/json": {"schema": schema}},
        }

    def response(self, *args: Any, **kwargs: Any) -> Callable[[View], View]:
        """Document the answer, and that of who asks too often: all that is here has limits."""
        answered = super().response(*args, **kwargs)
        return lambda view: self.may_answer("TOO_MANY_REQUESTS")(answered(view))

    def body(self, schema: Any, *, required: bool = True) -> Callable[[View], View]:
        """Take a JSON body; document what a bad one gets.

        :param required: False if it may be missing
        """

        def decorate(view: View) -> View:
            view = self.alt_response(413, "REQUEST_ENTITY_TOO_LARGE")(view)
            view = self.alt_response(400, "BAD_REQUEST")(view)
            decorated: View = self.arguments(schema, required=required)(view)
            return decorated

        return decorate

    def may_answer(self, *statuses: str) -> Callable[[View], View]:
        """Document error statuses by name, such as ``NOT_FOUND``."""

        def decorate(view: View) -> View:
            for status in statuses:
                view = self.alt_response(HTTPStatus[status].value, status)(view)
            return view

        return decorate

    def login_required(self, *roles: str, refresh: bool = False) -> Callable[[View], View]:
        """Require a valid token, of a user with one of ``roles`` if any are named.

        Goes above the other decorators, so that strangers learn nothing from validation.

        :param refresh: require a refresh token instead of an access token
        """

        def decorate(view: View) -> View:
            @wraps(view)
            def checked(*args: Any, **kwargs: Any) -> Any:
                count_user(me().id)
                if roles and me().role not in roles:
                    raise ForbiddenError(f"Only an {' or an '.join(roles)} account may do this.")
                return view(*args, **kwargs)

            documented = self.doc(security=[{"bearerAuth": []}])(checked)
            refusals = ["UNAUTHORIZED", "FORBIDDEN"] if roles else ["UNAUTHORIZED"]
            documented = self.may_answer(*refusals)(documented)
            return counts_by_user(jwt_required(refresh=refresh)(documented))

        return decorate

    def paged(self, view: View) -> View:
        """Let the query choose a page, and tell in ``X-Pagination`` how many there are.

        Goes below ``response``. The view gets ``page`` and ``page_size``, and returns a
        :class:`Page`, of which the rows are answered.
        """

        @wraps(view)
        def rows(*args: Any, pagination_parameters: Any, **kwargs: Any) -> list[Any]:
            wanted = pagination_parameters
            page: Page[Any] = view(*args, page=wanted.page, page_size=wanted.page_size, **kwargs)
            wanted.item_count = page.total
            return page.items

        documented = self.may_answer("NOT_FOUND")(rows)
        paginated: View = self.paginate(page_size=20)(documented)
        return paginated


def me() -> User:
    """Return the logged-in user."""
    user: User = get_current_user()
    return user
