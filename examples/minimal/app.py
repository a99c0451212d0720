"""A bike hire with a chat: the smallest believable host of flask-smorest-chatbot."""

import os

import click
from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token
from flask_migrate import Migrate
from flask_smorest import Api
from flask_sqlalchemy import SQLAlchemy

# plugin: begin
from flask_smorest_chatbot import CatalogItem, CatalogQuery, Chatbot, UserProfile

# plugin: end

app = Flask(__name__)
app.config.update(
    SQLALCHEMY_DATABASE_URI=os.environ.get("DATABASE_URL", "sqlite:///bikes.db"),
    JWT_SECRET_KEY=os.environ.get("JWT_SECRET_KEY", "only-for-trying-it-out-on-this-machine"),
    API_TITLE="Bike hire",
    API_VERSION="v1",
    OPENAPI_VERSION="3.0.3",
    OPENAPI_URL_PREFIX="/",
)
app.config.update({key: os.environ[key] for key in os.environ if key.startswith("CHATBOT_")})
db = SQLAlchemy(app)
Migrate(app, db)
JWTManager(app)
api = Api(app)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80), nullable=False, unique=True)


class Bike(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80), nullable=False)
    price = db.Column(db.Numeric(6, 2), nullable=False)  # US$ a day


# plugin: begin
chatbot = Chatbot(db, user_model=User)


@chatbot.profile_loader
def profile(user: User) -> UserProfile:
    return UserProfile(name=user.name)


@chatbot.catalog_loader
def catalog(query: CatalogQuery) -> list[CatalogItem]:
    return [CatalogItem(id=b.id, name=b.name, price=b.price) for b in Bike.query]


chatbot.init_app(app, api)
# plugin: end


@app.cli.command("token")
@click.argument("name")
def token(name: str) -> None:
    """Print an access token for the user NAME, who is made up if need be, and fill the shop."""
    user = User.query.filter_by(name=name).first() or User(name=name)
    db.session.add(user)
    if not Bike.query.count():
        offered = {"city bike": "15.00", "mountain bike": "28.00", "cargo bike": "35.00"}
        db.session.add_all([Bike(name=bike, price=price) for bike, price in offered.items()])
    db.session.commit()
    click.echo(create_access_token(identity=str(user.id)))
