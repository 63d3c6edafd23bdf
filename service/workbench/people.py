"""Who sits in front of the page: a name of the service's keys, or any name where there are none.

A session holds the name and the hash of the key, never the key; a key that is taken away ends its
sessions at their next step.
"""

import hmac
import re
from dataclasses import dataclass

from nicegui import app

from service.errors import UnauthorizedError
from service.keys import SCOPES, Key, KeyRing, Scope
from service.workbench.errors import NotAllowedError, WorkbenchError
from service.workbench.wording import say

OWNER = "本人"
"""Who uses a workbench without keys until they give a name."""

_NAME = re.compile(r"[\w.@ -]{1,64}")


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, and what they may do."""

    name: str
    scopes: tuple[Scope, ...]

    def require(self, scope: Scope) -> None:
        """Make sure that they may do this.

        Raises:
            NotAllowedError: they may not.
        """
        if scope not in self.scopes:
            raise NotAllowedError(
                say(
                    f"{self.name} 没有 {scope} 权限，请找管理员用 govtheme keys add 添加",
                    f"{self.name} lacks the scope {scope}; it is given by govtheme keys add",
                )
            )


class People:
    """Signing in and out.

    Args:
        keys: the service's keys; without a file everybody may do everything, under any name.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    @property
    def keys_wanted(self) -> bool:
        """Whether signing in takes a key."""
        return self._keys.wanted

    def present(self) -> Person | None:
        """Who is signed in in this browser."""
        session = app.storage.user
        name = str(session.get("name") or "")
        if not self._keys.wanted:
            return Person(name or OWNER, SCOPES)
        self._keys.refresh()
        key = self._keys.named(name)
        if key is None or not hmac.compare_digest(key.digest, str(session.get("digest", ""))):
            return None
        return _person(key)

    def allowed(self, scope: Scope) -> Person:
        """Who is signed in now, if they may do this; for handlers that change things.

        Raises:
            NotAllowedError: they may not, or their key was taken away meanwhile.
        """
        person = self.present()
        if person is None:
            raise NotAllowedError(
                say("登录已经失效，请重新登录", "You are signed out; sign in again")
            )
        person.require(scope)
        return person

    def sign_in(self, given: str) -> Person:
        """Begin a session: with a key where keys are wanted, else under a name.

        Raises:
            WorkbenchError: the key is none of the service's, or the name cannot be used.
        """
        if not self._keys.wanted:
            name = check_person(given)
            app.storage.user.update(name=name, digest="")
            return Person(name, SCOPES)
        self._keys.refresh()
        try:
            key = self._keys.find(given.strip())
        except UnauthorizedError as error:
            raise WorkbenchError(
                say("密钥不对，或已经作废", "This key is wrong, or no longer in use")
            ) from error
        app.storage.user.update(name=key.name, digest=key.digest)
        return _person(key)

    def sign_out(self) -> None:
        """End the session; the language stays."""
        for entry in ("name", "digest"):
            app.storage.user.pop(entry, None)


def check_person(given: str) -> str:
    """A name as people may have it, without blanks around it.

    Raises:
        WorkbenchError: it cannot be one.
    """
    name = given.strip()
    if not _NAME.fullmatch(name):
        raise WorkbenchError(
            say(
                "名字只能有字母、数字、汉字、空格和 _ . @ -，1 到 64 个",
                "A name has 1 to 64 letters, digits, spaces or _ . @ -",
            )
        )
    return name


def _person(key: Key) -> Person:
    return Person(key.name, key.scopes)
