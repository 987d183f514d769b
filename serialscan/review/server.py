"""The page's server: this computer only, one browser only, nothing from elsewhere."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

import flask
import msgspec
from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from serialscan import __version__
from serialscan.errors import SerialscanError
from serialscan.record import MarkKind
from serialscan.review.desk import LONGEST, Desk, Given, RefusedError
from serialscan.review.pictures import Sent
from serialscan.review.queue import Filter

HOST = "127.0.0.1"
_MOST_BYTES = 64 * 1024  # of a request
_MARKS = [one for one in MarkKind.__args__ if one != "serial"]  # type: ignore[attr-defined]

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",  # evidence does not stay in a browser's cache
}


class Access:
    """Who may use the page: the browser that first showed the token, and no other.

    Attributes:
        token: stands in the address that is printed; good for one exchange.
    """

    def __init__(self) -> None:
        self.token: str | None = secrets.token_urlsafe(32)
        self._session = secrets.token_urlsafe(32)

    def exchange(self, token: str) -> str | None:
        """The session for a token; None if it is not the token, or was exchanged already."""
        if self.token is None or not hmac.compare_digest(token.encode(), self.token.encode()):
            return None
        self.token = None
        return self._session

    def knows(self, session: str | None) -> bool:
        """Whether a cookie is that of the session."""
        return session is not None and hmac.compare_digest(session.encode(), self._session.encode())


class _Person(msgspec.Struct):
    name: str
    role: str = ""
    badge: str = ""


class _Typed(msgspec.Struct):
    number: int
    spot: str
    text: str


class _Answer(msgspec.Struct):
    number: int
    spot: str
    answer: str
    value: str | None = None
    reason: str | None = None
    note: str | None = None
    enhancements: tuple[str, ...] = ()
    picture: str | None = None


class _Drawn(msgspec.Struct):
    number: int
    page: int
    corners: tuple[float, float, float, float]
    means: str = "serial"


def make_app(
    desk: Desk, access: Access, port: Callable[[], int], words: Mapping[str, str], finish: Callable[[], None]
) -> Flask:
    """The application.

    Args:
        desk: the review.
        access: who may use it.
        port: gives the port, which is known once the server listens.
        words: the words of the page.
        finish: ends the review.
    """
    app = Flask(__name__)
    app.config.update(TRUSTED_HOSTS=[HOST], MAX_CONTENT_LENGTH=_MOST_BYTES)
    app.json.ensure_ascii = True  # type: ignore[attr-defined]

    def origin() -> str:
        return f"http://{HOST}:{port()}"

    def cookie_name() -> str:
        return f"serialscan_{port()}"  # cookies of one host are shared by all its ports

    @app.before_request
    def guard() -> Response | None:
        if request.headers.get("Host") != f"{HOST}:{port()}":
            flask.abort(HTTPStatus.MISDIRECTED_REQUEST)
        if request.endpoint == "enter":
            return None
        if not access.knows(request.cookies.get(cookie_name())):
            flask.abort(HTTPStatus.FORBIDDEN)
        if request.method not in ("GET", "HEAD"):
            same_site = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
            if request.headers.get("Origin") != origin() or not same_site:
                flask.abort(HTTPStatus.FORBIDDEN)
            if request.mimetype != "application/json":
                flask.abort(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        return None

    @app.after_request
    def armour(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[Response, int]:
        code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
        text = words.get(f"http_{code}", words["http_other"])
        return Response(f"{text}\n", mimetype="text/plain"), code

    @app.errorhandler(RefusedError)
    def not_now(error: RefusedError) -> tuple[Response, int]:
        return jsonify(error=error.code), HTTPStatus.CONFLICT

    @app.errorhandler(SerialscanError)
    def failed(error: SerialscanError) -> tuple[Response, int]:
        return jsonify(error="not_written", message=str(error)), HTTPStatus.INTERNAL_SERVER_ERROR

    @app.get("/enter/<token>")
    def enter(token: str) -> Response:
        session = access.exchange(token)
        if session is None:
            flask.abort(HTTPStatus.FORBIDDEN)
        response = flask.redirect("/", HTTPStatus.SEE_OTHER)
        response.set_cookie(cookie_name(), session, httponly=True, samesite="Strict", path="/")
        assert isinstance(response, Response)
        return response

    @app.get("/")
    def page() -> str:
        return render_template("review.html", t=words, marks=_MARKS, longest=LONGEST, version=__version__)

    @app.get("/api/start")
    def start() -> Response:
        said: dict[str, Any] = {"person": desk.person, "texts": words}
        if desk.person is not None:
            said["queue"] = first_queue()
        rules = desk.rules
        return jsonify(case=desk.path.name, case_id=desk.case_id, mode=rules.mode, role=rules.role, **said)

    def first_queue() -> dict[str, Any]:
        """The queue as it is without a filter, with its first photo: one answer instead of three."""
        order = desk.queue(Filter())
        return {"order": order, "left": desk.left(), "first": desk.photo(order[0]) if order else None}

    @app.get("/api/queue")
    def queue() -> Response:
        asked = {name: value for name, value in request.args.items() if value and name in _FILTERS}
        return jsonify(order=desk.queue(Filter(**asked)), left=desk.left())

    @app.get("/api/choices")
    def choices() -> Response:
        return jsonify(choices=desk.choices(), complete=desk.warnings_known)

    @app.get("/api/photo/<int:number>")
    def photo(number: int) -> Response:
        return jsonify(desk.photo(number))

    @app.get("/api/photo/<int:number>/reading")
    def reading(number: int) -> Response:
        return jsonify(desk.reading(number, request.args.get("spot", "")))

    @app.get("/api/photo/<int:number>/whole")
    def whole(number: int) -> Response:
        page, side = (request.args.get(name, 1, type=int) for name in ("page", "side"))
        return _picture(desk.whole(number, page, side=side, **_asked("flat", "kept")))

    @app.get("/api/photo/<int:number>/thumbnail")
    def thumbnail(number: int) -> Response:
        return _picture(desk.thumbnail(number))

    @app.get("/api/photo/<int:number>/crop")
    def crop(number: int) -> Response:
        return _picture(desk.crop(number, request.args.get("spot", ""), **_asked("flat", "kept")))

    @app.post("/api/person")
    @_body(_Person)
    def person(said: _Person) -> Response:
        desk.set_person(said.name, said.role, said.badge)
        return jsonify(person=desk.person, queue=first_queue())

    @app.post("/api/typed")
    @_body(_Typed)
    def typed(said: _Typed) -> Response:
        return jsonify(desk.typed(said.number, said.spot, said.text))

    @app.post("/api/decision")
    @_body(_Answer)
    def decision(said: _Answer) -> Response:
        given = Given(
            said.number, said.spot, said.answer, said.value, said.reason, said.note,  # type: ignore[arg-type]
            tuple(one[:40] for one in said.enhancements[:10]), said.picture,
        )  # fmt: skip
        return jsonify(desk.decide(given))

    @app.post("/api/undo")
    @_body(dict)
    def undo(said: dict[str, Any]) -> Response:
        return jsonify(desk.undo())

    @app.post("/api/box")
    @_body(_Drawn)
    def box(said: _Drawn) -> Response:
        return jsonify(spot=desk.draw(said.number, said.page, said.corners, said.means))

    @app.post("/api/finish")
    @_body(dict)
    def end(said: dict[str, Any]) -> Response:
        finish()
        return jsonify(finished=True)

    return app


_FILTERS = frozenset(Filter.__dataclass_fields__)


def _body(kind: type[Any]) -> Callable[[Callable[[Any], Response]], Callable[[], Response]]:
    """Hands the request's JSON on as this type; anything else is a bad request."""

    def decorate(view: Callable[[Any], Response]) -> Callable[[], Response]:
        @wraps(view)
        def wrapped() -> Response:
            try:
                said = msgspec.json.decode(request.get_data(), type=kind)
            except msgspec.MsgspecError:
                flask.abort(HTTPStatus.BAD_REQUEST)
            return view(said)

        return wrapped

    return decorate


def _asked(*names: str) -> dict[str, bool]:
    return {name: name in request.args for name in names}


def _picture(sent: Sent) -> Response:
    """The picture, and in headers what it is; without one an empty answer, which is no fault."""
    headers = {"X-Shown": sent.kind, "X-Why": sent.why, "X-Size": f"{sent.size[0]} {sent.size[1]}"}
    if sent.data is None:
        return Response(status=HTTPStatus.NO_CONTENT, headers=headers)
    return Response(sent.data, mimetype="image/jpeg", headers=headers)
