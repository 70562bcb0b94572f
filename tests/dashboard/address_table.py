"""Who gets what at which address: each line of TABLE is a promise.

Words: `login` leads to the login page, `no` is 403, `405` is the wrong method, `ok` is the view's own answer (a missing row's
404 too). Columns: nobody, viewer, deployer, admin.
"""

Row = dict[str, tuple[str, str, str, str]]


def row(get: str, post: str) -> Row:
    """Read `nobody viewer deployer admin` for reading and for acting; one word is for all four."""
    columns = [text.split() * (4 if " " not in text else 1) for text in (get, post)]
    return {"GET": (*columns[0],), "POST": (*columns[1],)}  # type: ignore[dict-item]  # four each, as the test counts


EVERYBODY = row("ok", "ok")
EVERYBODY_LOOKS = row("ok", "405")
WHO_IS_IN = row("login ok ok ok", "login ok ok ok")
WHO_IS_IN_LOOKS = row("login ok ok ok", "405")
WHO_IS_IN_ONLY_LOOKS = row("login ok ok ok", "login 405 405 405")
DEPLOYER = row("login no ok ok", "login no ok ok")
DEPLOYER_ACTS = row("405", "login no ok ok")
LEAVING = row("405", "ok")
DOOR = row("405", "ok")
"""A signature or a token identifies the sender, regardless of any login."""
ADMIN = row("login login login ok", "login login login ok")
ADMIN_READS = row("login login login ok", "login login login no")
ADMIN_ONLY_LOOKS = row("login login login ok", "login login login 405")
NOT_EVEN_ADMIN = row("login login login no", "login login login no")
EACH = "<path:object_id>"


def edited(model: str) -> dict[str, Row]:
    places = ("", "add/", f"{EACH}/", f"{EACH}/change/", f"{EACH}/delete/", f"{EACH}/history/")
    return {f"admin/{model}/{place}": ADMIN for place in places}


def only_read(model: str) -> dict[str, Row]:
    change = {f"admin/{model}/{EACH}/change/": ADMIN_READS}
    never = {f"admin/{model}/{place}": NOT_EVEN_ADMIN for place in ("add/", f"{EACH}/delete/")}
    return edited(model) | change | never


TABLE: dict[str, Row] = {
    "": WHO_IS_IN_LOOKS,
    "activity/": WHO_IS_IN_LOOKS,
    "sites/add": row("login no no ok", "login no no ok"),
    "sites/<site:name>/edit": row("login no no ok", "login no no ok"),
    "sites/<site:name>/delete": row("login no no ok", "login no no ok"),
    "sites/<site:name>/": WHO_IS_IN_LOOKS,
    "sites/<site:name>/deploy": DEPLOYER,
    "sites/<site:name>/hold": DEPLOYER_ACTS,
    "sites/<site:name>/sync": DEPLOYER_ACTS,
    "sites/<site:name>/rollback": DEPLOYER,
    "sites/<site:name>/images": DEPLOYER_ACTS,
    "sites/<site:name>/restart": DEPLOYER,
    "sites/<site:name>/drift": WHO_IS_IN_LOOKS,
    "sites/<site:name>/adopt": DEPLOYER_ACTS,
    "sites/<site:name>/pods": DEPLOYER_ACTS,
    "sites/<site:name>/log": DEPLOYER_ACTS,
    "sites/<site:name>/automation": row("405", "login no no ok"),
    "logs/<int:pk>/": row("login no ok ok", "405"),
    "deploys/<int:pk>/abort": DEPLOYER,
    "deploys/<int:pk>/retry": DEPLOYER_ACTS,
    "me/stars": row("405", "login ok ok ok"),
    "me/notifications/": WHO_IS_IN,
    "me/notifications/subscribe": row("405", "login ok ok ok"),
    "me/notifications/is-subscribed": row("405", "login ok ok ok"),
    "me/notifications/unsubscribe": row("405", "login ok ok ok"),
    "manifest.webmanifest": EVERYBODY_LOOKS,
    "sw.js": EVERYBODY_LOOKS,
    "offline": EVERYBODY_LOOKS,
    "audit/": row("login no no ok", "405"),
    "doctor/": row("login no no ok", "405"),
    "doctor/check-again": row("405", "login no no ok"),
    "first-start/": row("login no no ok", "405"),
    "first-start/search": row("405", "login no no ok"),
    "first-start/sites": row("405", "login no no ok"),
    "hooks/": row("login no no ok", "405"),
    "hooks/set-up": row("login no no ok", "405"),
    "hooks/tokens": row("405", "login no no ok"),
    "hooks/tokens/<int:pk>/revoke": row("405", "login no no ok"),
    "hooks/github": DOOR,
    "hooks/actions": DOOR,
    "hooks/google": DOOR,
    "hooks/image/<str:token>": DOOR,
    "sync": DEPLOYER_ACTS,
    "syncs/<int:pk>/": WHO_IS_IN_LOOKS,
    "hold": DEPLOYER_ACTS,
    "holds/<int:pk>/resume": DEPLOYER_ACTS,
    "deploys/<int:pk>/": WHO_IS_IN_LOOKS,
    "deploys/<int:pk>/live": WHO_IS_IN_LOOKS,
    "deploys/<int:pk>/cancel": DEPLOYER_ACTS,
    "deploy-all/": DEPLOYER,
    "batches/<int:pk>/": WHO_IS_IN_LOOKS,
    "batches/<int:pk>/cancel": DEPLOYER_ACTS,
    "welcome/": EVERYBODY,
    "login/": EVERYBODY,
    "login/passkey": EVERYBODY,
    "login/code": EVERYBODY,
    "login/inactive": EVERYBODY_LOOKS,
    "logout/": LEAVING,
    "account/": WHO_IS_IN_ONLY_LOOKS,
    "account/check/password": WHO_IS_IN,
    "account/check/code": WHO_IS_IN,
    "account/check/passkey": WHO_IS_IN,
    "account/password": WHO_IS_IN,
    "account/password/first": WHO_IS_IN,
    "account/passkeys/": WHO_IS_IN,
    "account/passkeys/add": WHO_IS_IN,
    "account/passkeys/<int:pk>/name": WHO_IS_IN,
    "account/passkeys/<int:pk>/remove": WHO_IS_IN,
    "account/codes/on": WHO_IS_IN,
    "account/codes/off": WHO_IS_IN,
    "account/recovery/": WHO_IS_IN_ONLY_LOOKS,
    "account/recovery/new": WHO_IS_IN,
    "account/recovery/file": WHO_IS_IN,
    "invitations/": row("login no no ok", "login no no ok"),
    "invitations/<int:pk>/renew": row("405", "login no no ok"),
    "invitations/<int:pk>/revoke": row("405", "login no no ok"),
    "invited/<str:token>": EVERYBODY,
    "account/sessions": WHO_IS_IN,
    "admin/login/": row("login no no no", "405"),
    "admin/logout/": LEAVING,
    "admin/password_change/": WHO_IS_IN,
    "admin/password_change/done/": ADMIN_ONLY_LOOKS,
    "admin/": ADMIN,
    "admin/(?P<url>.*)$": ADMIN,
    "admin/^(?P<app_label>auth|deployments|django_q)/$": ADMIN,
    "admin/r/<path:content_type_id>/<path:object_id>/": ADMIN,
    "admin/autocomplete/": row("login login login no", "login login login 405"),
    "admin/jsi18n/": ADMIN_ONLY_LOOKS,
    **edited("auth/user"),
    "admin/auth/user/<id>/password/": ADMIN,
    **edited("deployments/site"),
    **only_read("deployments/deploy"),
    **only_read("deployments/hold"),
    **only_read("deployments/auditevent"),
    **only_read("deployments/syncrun"),
    **only_read("deployments/syncschedule"),
    # The sync's interval is changed there, and nothing else.
    f"admin/deployments/syncschedule/{EACH}/change/": ADMIN,
    **only_read("django_q/schedule"),
    **only_read("django_q/success"),
    **only_read("django_q/failure"),
    **only_read("django_q/ormq"),
}
