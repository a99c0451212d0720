"""The Flask extension: what a host sees of the plugin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask
from flask_smorest import Api

from .catalog import CatalogItem, CatalogQuery, Fact, Offered, Vocabulary
from .cli import chatbot_cli
from .config import ChatbotConfig
from .errors import ConfigError
from .limits import RequestLimits, forget_counts, limits_file
from .models import build_api_key_model, build_models, build_usage_model, erase_with_user
from .profile import UserProfile
from .routes import build_blueprint
from .routes.chat import ChatEndpoint, Planner
from .routes.rate_limits import request_limits
from .services.host_folder import database_of
from .services.once import once
from .values import HostCheck

if TYPE_CHECKING:
    from .services.host import TurnServices
    from .services.storage.account_data import AccountData
    from .services.storage.api_keys import ApiKeys

_Profile = TypeVar("_Profile", bound=Callable[[Any], UserProfile])
_Catalog = TypeVar("_Catalog", bound=Callable[[CatalogQuery], Offered])
_Vocabulary = TypeVar("_Vocabulary", bound=Callable[[], Vocabulary])
_Facts = TypeVar("_Facts", bound=Callable[[CatalogQuery], Sequence[Fact]])
_Planner = TypeVar("_Planner", bound=Planner)
_Users = TypeVar("_Users", bound=Callable[[Any], Any])
_AdminCheck = TypeVar("_AdminCheck", bound=Callable[[Any], bool])
_DoctorCheck = TypeVar("_DoctorCheck", bound=HostCheck)

DEFAULT_PERSONA = "You are the friendly, honest assistant of this site."


@dataclass(frozen=True)
class ChatbotState:
    """What ``app.extensions["chatbot"]`` holds: the plugin's objects for one app.

    :param get_turn_services: makes them at its first call, as the two below do: an app's start
        must not wait for what only requests need
    :param models: the mapped classes of the plugin's tables
    :param planners: the host's own chat endpoints by their rule
    :param load_user: the host's user by key; None for one who may not come in
    :param is_admin: whether a user has the host's admin role
    :param doctor_checks: what the host adds to ``flask chatbot doctor``
    """

    db: Any
    user_model: type[Any]
    config: ChatbotConfig
    models: tuple[type[Any], ...]
    get_turn_services: Callable[[], TurnServices]
    get_api_keys: Callable[[], ApiKeys]
    get_account_data: Callable[[], AccountData]
    planners: Mapping[str, Planner]
    load_user: Callable[[Any], Any]
    is_admin: Callable[[Any], bool]
    limits: RequestLimits
    doctor_checks: Sequence[HostCheck]

    @property
    def turn_services(self) -> TurnServices:
        """What turns work with."""
        return self.get_turn_services()

    @property
    def api_keys(self) -> ApiKeys:
        """The API keys of all users."""
        return self.get_api_keys()

    @property
    def account_data(self) -> AccountData:
        """What is stored of users, to be given to them or erased."""
        return self.get_account_data()


class Chatbot:
    """Adds a chat with a local model to a Flask-Smorest app.

    One object serves any number of apps; what belongs to one app is in its ``extensions``.

    :param db: the host's ``flask_sqlalchemy.SQLAlchemy``
    :param user_model: the host's mapped user class; its primary key is what access tokens name
    :param persona: who the assistant is, in the host's words; opens the system message
    :param session_table: name of the sessions' table
    :param message_table: name of the messages' table
    :param api_key_table: name of the API keys' table
    :param usage_table: name of the table of what users use a day
    :param session_model: the host's own class on :class:`.ChatSessionMixin`
    :param message_model: the host's own class on :class:`.ChatMessageMixin`
    :param api_key_model: the host's own class on :class:`.ChatApiKeyMixin`
    :param usage_model: the host's own class on :class:`.ChatUsageMixin`
    :param chat_model: a LangChain chat model, or a factory that takes the :class:`.ChatbotConfig`
        and returns one; without it ``CHATBOT_MODEL`` decides
    :raises ConfigError: when the user model cannot be referred to
    """

    def __init__(
        self,
        db: Any,
        *,
        user_model: type[Any],
        persona: str = DEFAULT_PERSONA,
        session_table: str = "chat_sessions",
        message_table: str = "chat_messages",
        api_key_table: str = "chat_api_keys",
        usage_table: str = "chat_usage",
        session_model: type[Any] | None = None,
        message_model: type[Any] | None = None,
        api_key_model: type[Any] | None = None,
        usage_model: type[Any] | None = None,
        chat_model: Any = None,
    ) -> None:
        if (session_model is None) != (message_model is None):
            raise ConfigError("Give both session_model and message_model, or neither.")
        if session_model is None or message_model is None:
            session_model, message_model = build_models(
                db, user_model, session_table=session_table, message_table=message_table
            )
        api_key_model = api_key_model or build_api_key_model(db, user_model, api_key_table)
        usage_model = usage_model or build_usage_model(db, user_model, usage_table)
        erase_with_user(user_model, (session_model, message_model, api_key_model, usage_model))
        self.db = db
        self.user_model = user_model
        self.persona = persona
        #: The mapped sessions' class.
        self.ChatSession = session_model
        #: The mapped messages' class.
        self.ChatMessage = message_model
        #: The mapped API keys' class.
        self.ChatApiKey = api_key_model
        #: The mapped class of what users use a day.
        self.ChatUsage = usage_model
        self._chat_model = chat_model
        self._load_user: Callable[[Any], Any] = self._stored_user
        self._is_admin: Callable[[Any], bool] = _nobody
        self._load_profile: Callable[[Any], UserProfile] = _no_profile
        self._load_catalog: Callable[[CatalogQuery], Offered] = _no_catalog
        self._load_vocabulary: Callable[[], Vocabulary] = Vocabulary
        self._load_facts: Callable[[CatalogQuery], Sequence[Fact]] = _no_facts
        self._endpoints: list[ChatEndpoint] = []
        self._doctor_checks: list[HostCheck] = []

    def user_loader(self, loader: _Users) -> _Users:
        """Register the function that finds the user of an API key.

        It takes a user's primary key and returns the host's user object, or None for one who may
        not come in any more. Without it every stored user may. Tokens are the host's own matter:
        flask-jwt-extended's ``user_lookup_loader`` decides on them, if there is one.
        """
        self._load_user = loader
        return loader

    def admin_check(self, check: _AdminCheck) -> _AdminCheck:
        """Register the function that tells who has the host's admin role.

        It takes the host's user object and returns True or False. Without it nobody has.
        """
        self._is_admin = check
        return check

    def profile_loader(self, loader: _Profile) -> _Profile:
        """Register the function that describes a user to the model.

        It takes the host's user object and returns a :class:`.UserProfile`. It runs once a turn,
        inside a transaction of ``db.session`` that is committed after it.
        """
        self._load_profile = loader
        return loader

    def catalog_loader(self, loader: _Catalog) -> _Catalog:
        """Register the function that searches the host's catalogue.

        It takes a :class:`.CatalogQuery` and returns a :class:`.CatalogResult` of a search of the
        host's own or, for a catalogue of some hundred items, simply a list of all its
        :class:`.CatalogItem` objects, which the plugin then searches.

        It runs inside a transaction of ``db.session`` that is committed after it: once before the
        model is asked, and once after, with ``item_ids``, to see what can be had by then.
        """
        self._load_catalog = loader
        return loader

    def vocabulary_loader(self, loader: _Vocabulary) -> _Vocabulary:
        """Register the function that tells the words of the catalogue.

        It takes nothing and returns a :class:`.Vocabulary`; what it returned is kept for a minute.
        Without it the words are those that a plain list of items holds itself.
        """
        self._load_vocabulary = loader
        return loader

    def facts_loader(self, loader: _Facts) -> _Facts:
        """Register the function that answers from the host's records, such as a user's rentals.

        It takes the :class:`.CatalogQuery` of the turn and returns :class:`.Fact` objects, none if
        the user asks for nothing of the kind. The model is told them, and the client shown them.
        It runs once a turn, in the transaction of the catalogue loader.
        """
        self._load_facts = loader
        return loader

    def doctor_check(self, check: _DoctorCheck) -> _DoctorCheck:
        """Register a further check of ``flask chatbot doctor``; there may be several.

        The function takes nothing and yields a :class:`.Finding` for each thing that it looked at.
        It runs in the app's context, after the plugin's own checks.
        """
        self._doctor_checks.append(check)
        return check

    def chat_endpoint(
        self, rule: str, *, message_required: bool = True
    ) -> Callable[[_Planner], _Planner]:
        """Register a chat endpoint of the host's own: ``POST <url prefix><rule>``.

        The function takes the user and the message and returns a :class:`.TurnPlan`. Its
        docstring documents the endpoint. Requests, answers and errors are those of ``/chat``.

        :param rule: path below the plugin's prefix, for example ``"/recommend-for-me"``
        :param message_required: False to accept a missing, null or empty message as ``""``
        """

        def register(plan: _Planner) -> _Planner:
            self._endpoints.append(ChatEndpoint(rule, plan, message_required))
            return plan

        return register

    def init_app(self, app: Flask, api: Api) -> None:
        """Add the endpoints, the command line and the plugin's state to an app.

        :param app: its config holds the ``CHATBOT_*`` keys; loaders and endpoints are declared
        :param api: the host's flask-smorest ``Api``, initialised on ``app``
        :raises ConfigError: with the remedy, when something is not as it must be
        """
        config = ChatbotConfig.from_mapping(app.config)
        _check_host(app, api, config)
        blueprint = build_blueprint(config, api, self._endpoints)
        app.extensions["chatbot"] = ChatbotState(
            db=self.db,
            user_model=self.user_model,
            config=config,
            models=self._models,
            get_turn_services=once(self._turn_services(config, _site_name(app, config))),
            get_api_keys=once(self._api_keys),
            get_account_data=once(self._account_data),
            planners={endpoint.rule: endpoint.plan for endpoint in self._endpoints},
            load_user=self._load_user,
            is_admin=self._is_admin,
            limits=request_limits(config, limits_file(app)),
            doctor_checks=tuple(self._doctor_checks),
        )
        api.register_blueprint(blueprint, url_prefix=config.url_prefix)
        app.cli.add_command(chatbot_cli, config.cli_group)

    def preload(self, app: Flask) -> None:
        """Import and build what only turns need: 1.3 s and 70 MB that otherwise wait for the first.

        For a server that loads the app and then forks workers, which so share it.
        """
        from .routes import answering  # noqa: F401
        from .services.preload import preload

        state = _state(app)
        _ = state.api_keys, state.account_data
        preload(state.turn_services)

    def forget_counts(self, app: Flask) -> None:
        """Begin the limits anew that are counted on this host; those in Redis go on.

        For a server that starts, whose workers share the counts from then on, whichever ends.
        """
        forget_counts(app)

    def settle_lost_turns(self, app: Flask) -> int:
        """End the turns of workers that are gone; to be called when a worker starts to serve.

        Reading a conversation does so for its own turn, and ``flask chatbot sweep`` for all.

        :return: how many there were
        :raises sqlalchemy.exc.SQLAlchemyError: when the database cannot be asked
        """
        with app.app_context():
            return _state(app).turn_services.conversations.settle_lost_turns()

    def drain(self, app: Flask, seconds: float) -> None:
        """Bring the answers that this process is writing to an end, because it will end itself.

        To be called when the server is told to stop; returns at once. What is still being written
        after so many seconds ends with an ``error`` event of the reason ``server_stopping``, or a
        503. What was said is kept, as interrupted, and can be retried.

        :param seconds: leave a few until the process is killed, in which all of that is stored
        """
        _state(app).turn_services.running.drain(seconds)

    @property
    def _models(self) -> tuple[type[Any], ...]:
        return self.ChatSession, self.ChatMessage, self.ChatApiKey, self.ChatUsage

    def _turn_services(self, config: ChatbotConfig, site: str) -> Callable[[], TurnServices]:
        """Return what makes them, with the persona, model and loaders of now."""
        persona, chat_model = self.persona, self._chat_model
        load_profile, load_facts = self._load_profile, self._load_facts
        load_catalog, load_vocabulary = self._load_catalog, self._load_vocabulary

        def make() -> TurnServices:
            from .services.admission import admission_of
            from .services.followers import Followers
            from .services.host import VOCABULARY_SECONDS, TurnServices, cached
            from .services.model.chat_model import LazyChatModel
            from .services.running import RunningTurns
            from .services.storage.conversations import Conversations
            from .services.storage.usage import UsageRecords

            conversations = Conversations(self.db, self.ChatSession, self.ChatMessage)
            return TurnServices(
                config=config,
                user_model=self.user_model,
                chat_model=LazyChatModel(config, chat_model),
                conversations=conversations,
                running=RunningTurns(conversations),
                admission=admission_of(config, site),
                load_profile=load_profile,
                load_catalog=load_catalog,
                load_vocabulary=cached(load_vocabulary, VOCABULARY_SECONDS),
                load_facts=load_facts,
                persona=persona,
                usage=UsageRecords(self.db, self.ChatUsage, self.user_model),
                followers=Followers(config.followers_per_user),
            )

        return make

    def _api_keys(self) -> ApiKeys:
        from .services.storage.api_keys import ApiKeys

        return ApiKeys(self.db, self.ChatApiKey, self.user_model)

    def _account_data(self) -> AccountData:
        from .services.storage.account_data import AccountData

        return AccountData(self.db, self._models)

    def _stored_user(self, key: Any) -> Any:
        return self.db.session.get(self.user_model, key)


def _state(app: Flask) -> ChatbotState:
    state: ChatbotState = app.extensions["chatbot"]
    return state


def _site_name(app: Flask, config: ChatbotConfig) -> str:
    """Return what the processes of a site share and other sites on the host do not have."""
    return f"{database_of(app)} {config.url_prefix}"


def _check_host(app: Flask, api: Api, config: ChatbotConfig) -> None:
    if getattr(api, "spec", None) is None:
        raise ConfigError("Call api.init_app(app) before chatbot.init_app(app, api).")
    if "chatbot" in app.extensions:
        raise ConfigError("chatbot.init_app was called twice for this app: call it once.")
    if config.blueprint_name in app.blueprints:
        raise ConfigError(
            f"This app already has a blueprint called {config.blueprint_name!r}: set "
            "CHATBOT_BLUEPRINT_NAME to another name."
        )
    if config.cli_group in app.cli.commands:
        raise ConfigError(
            f"This app already has commands called `flask {config.cli_group} ...`: set "
            "CHATBOT_CLI_GROUP to another name."
        )


def _nobody(_user: Any) -> bool:
    return False


def _no_profile(_user: Any) -> UserProfile:
    return UserProfile()


def _no_catalog(_query: CatalogQuery) -> Sequence[CatalogItem]:
    return ()


def _no_facts(_query: CatalogQuery) -> Sequence[Fact]:
    return ()
