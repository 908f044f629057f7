# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: finds out which account of the PSA is which tenant, as far as that is beyond doubt.

A wrong pair would send tickets and invoices of one client to another one. So whatever could be two is left to people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from .company_names import CompanyName, exact_name, read_company_name
from .model import Account, Tenant
from .similar_names import SimilarNames

MOST_CANDIDATES = 20
"""Of more accounts for one tenant, nobody would read the list."""

_FEWEST_TELLING = 3  # characters; A1 is a number as well


class MatchedBy(StrEnum):
    """What a tenant and its account have in common."""

    IDENTIFIER = "identifier"
    NAME = "name"
    NORMALISED_NAME = "normalised_name"


class Doubt(StrEnum):
    """Why a tenant and an account are not matched although they have something in common."""

    CONTRADICTION = "contradiction"
    """Identifier and name tell of different companies."""
    SEVERAL_ACCOUNTS = "several_accounts"
    SEVERAL_TENANTS = "several_tenants"
    LEGAL_FORM = "legal_form"
    """The legal forms differ, or one is missing and the rest of the name does not tell enough."""
    INACTIVE = "inactive"
    SIMILAR_NAME = "similar_name"
    """One typing error apart."""


@dataclass(frozen=True)
class Match:
    """A tenant and its account."""

    tenant: Tenant
    account: Account
    by: MatchedBy


@dataclass(frozen=True)
class Ambiguity:
    """
    A tenant that people have to decide about.

    :param candidates: the accounts that it could be, at most ``MOST_CANDIDATES`` of them.
    """

    tenant: Tenant
    candidates: tuple[Account, ...]
    reason: Doubt


@dataclass(frozen=True)
class Matches:
    """
    What came out, each tenant in one of three places. All are in alphabetical order.

    :param unmatched_accounts: those that no tenant was matched with, candidates included.
    """

    matched: tuple[Match, ...]
    ambiguous: tuple[Ambiguity, ...]
    unmatched_tenants: tuple[Tenant, ...]
    unmatched_accounts: tuple[Account, ...]


def match_accounts(tenants: Iterable[Tenant], accounts: Iterable[Account]) -> Matches:
    """
    Match tenants that have no account with accounts that nobody has.

    The order in which they are given makes no difference, and the time grows with their number.

    :returns: pairs of which neither side could be anything else; tenants that could be several accounts, or of whose
        account there is some doubt; and the rest.
    """
    matching = _Matching(tenants, accounts)
    matching.by_identifier(str.strip)
    matching.by_identifier(lambda identifier: identifier.strip().casefold())
    matching.by_name(MatchedBy.NAME, _exact)
    matching.by_name(MatchedBy.NORMALISED_NAME, _spelled_with_form)
    matching.by_name(MatchedBy.NORMALISED_NAME, _spelled)
    matching.by_similar_name()
    return matching.result()


@dataclass(eq=False)
class _Party:
    """
    One side of a possible pair.

    :param doubt: why people have to decide about it; it is not matched any more, but still competes with others.
    """

    exact_name: str
    name: CompanyName
    matched: bool = False
    doubt: Doubt | None = None

    def nearness(self, other: _Party) -> int:
        """Tell how alike the names are, as a number to compare."""
        return 2 if self.exact_name == other.exact_name else int(self.name.equals(other.name))


@dataclass(eq=False)
class _TenantParty(_Party):
    tenant: Tenant = field(kw_only=True)
    candidates: set[_AccountParty] = field(default_factory=set)

    def leave(self, found: Iterable[_AccountParty], doubt: Doubt) -> None:
        """Leave it to people; the first reason counts, but all candidates do."""
        self.doubt = self.doubt or doubt
        self.candidates.update(found)


@dataclass(eq=False)
class _AccountParty(_Party):
    account: Account = field(kw_only=True)
    position: int = field(kw_only=True)


_Side = TypeVar("_Side", _TenantParty, _AccountParty)
_Keys = Callable[[_Party], Iterable[Hashable]]
_Pair = tuple[_TenantParty, _AccountParty]


class _Matching:
    """
    Goes from what is most certain to what is least.

    Each step looks at everything before it decides anything. What it matches is taken out of the later steps. What it
    finds in doubt stays in them as a competitor, so that no doubt is forgotten.
    """

    def __init__(self, tenants: Iterable[Tenant], accounts: Iterable[Account]) -> None:
        self._tenants = [
            _TenantParty(exact_name(item.name), read_company_name(item.name), tenant=item)
            for item in sorted(tenants, key=_order)
        ]
        self._accounts = [
            _AccountParty(exact_name(item.name), read_company_name(item.name), account=item, position=position)
            for position, item in enumerate(sorted(accounts, key=lambda item: (item.name, item.id)))
        ]
        self._matches: list[Match] = []

    def by_identifier(self, read: Callable[[str], str]) -> None:
        """
        Match tenants whose identifier is one of an account's, or its id.

        :param read: brings an identifier into the form in which it is compared.
        """
        tenants = _filed(_undecided(self._tenants), lambda party: _read([party.tenant.uid], read))
        accounts = _filed(
            _unmatched(self._accounts), lambda party: _read([party.account.id, *party.account.identifiers], read)
        )
        certain: list[_Pair] = []
        by_chance: list[_Pair] = []
        for key in tenants.keys() & accounts.keys():
            if len(tenants[key]) > 1 and len(accounts[key]) > 1:
                _leave(tenants[key], accounts[key], Doubt.SEVERAL_ACCOUNTS)
                continue
            for pair in ((tenant, account) for tenant in tenants[key] for account in accounts[key]):
                (by_chance if _may_be_chance(*pair, read) else certain).append(pair)
        if not certain and not by_chance:
            return
        names = _Names(_unmatched(self._tenants), _unmatched(self._accounts))
        self._match_certain(certain, names)
        for tenant, account in by_chance:
            if not tenant.matched and not account.matched:
                _leave([tenant], [account, *names.nearer_accounts(tenant, account)], Doubt.CONTRADICTION)

    def _match_certain(self, pairs: Iterable[_Pair], names: _Names) -> None:
        accounts_of: dict[_TenantParty, list[_AccountParty]] = defaultdict(list)
        tenants_of: dict[_AccountParty, list[_TenantParty]] = defaultdict(list)
        for tenant, account in pairs:
            accounts_of[tenant].append(account)
            tenants_of[account].append(tenant)
        agreed: list[_Pair] = []
        doubtful: list[tuple[_TenantParty, list[_AccountParty], Doubt]] = []
        for tenant, found in accounts_of.items():
            nearer = names.nearer_accounts(tenant, found[0])
            others = len(tenants_of[found[0]]) > 1 or names.has_nearer_tenant(tenant, found[0])
            doubt = Doubt.CONTRADICTION if nearer else _doubt(tenant, found, others=others)
            if doubt:
                doubtful.append((tenant, found + nearer, doubt))
            else:
                agreed.append((tenant, found[0]))
        for tenant, found, doubt in doubtful:
            _leave([tenant], found, doubt)
        self._match(agreed, MatchedBy.IDENTIFIER)

    def by_name(self, by: MatchedBy, keys: _Keys) -> None:
        """
        Match tenants with accounts of the same name, if neither has it in common with any other.

        :param keys: the forms of a name of which one has to be the same.
        """
        tenants, accounts = _filed(_unmatched(self._tenants), keys), _filed(_unmatched(self._accounts), keys)
        agreed: list[_Pair] = []
        for tenant in _unmatched(self._tenants):
            found = list(_some(accounts, keys(tenant)))
            if not found:
                continue
            others = any(other is not tenant for other in _some(tenants, keys(found[0])))
            doubt = _doubt_of_forms(tenant, found) or _doubt(tenant, found, others=others)
            if doubt:
                tenant.leave(found, doubt)
            else:
                agreed.append((tenant, found[0]))
        self._match(agreed, by)

    def by_similar_name(self) -> None:
        """Leave to people what may be the same name, mistyped."""
        tenants = _filed(_undecided(self._tenants), _exact)
        similar = SimilarNames(map(str, tenants))
        found: dict[str, list[_AccountParty]] = defaultdict(list)
        for account in _unmatched(self._accounts):
            for name in similar.to(account.exact_name):
                found[name].append(account)
        for name, accounts in found.items():
            _leave(tenants[name], accounts, Doubt.SIMILAR_NAME)

    def _match(self, pairs: Iterable[_Pair], by: MatchedBy) -> None:
        for tenant, account in pairs:
            tenant.matched = account.matched = True
            self._matches.append(Match(tenant.tenant, account.account, by))

    def result(self) -> Matches:
        """Sum up."""
        return Matches(
            matched=tuple(sorted(self._matches, key=lambda match: _order(match.tenant))),
            ambiguous=tuple(
                Ambiguity(party.tenant, _listed(party.candidates), party.doubt)
                for party in self._tenants
                if party.doubt
            ),
            unmatched_tenants=tuple(party.tenant for party in _undecided(self._tenants)),
            unmatched_accounts=tuple(party.account for party in _unmatched(self._accounts)),
        )


class _Names:
    """Tells which names contradict an identifier."""

    def __init__(self, tenants: Iterable[_TenantParty], accounts: Iterable[_AccountParty]) -> None:
        self._tenants = _filed(tenants, _any_name)
        self._accounts = _filed(accounts, _any_name)

    def nearer_accounts(self, tenant: _TenantParty, account: _AccountParty) -> list[_AccountParty]:
        """Find accounts whose names are more like the tenant's."""
        nearness = tenant.nearness(account)
        return [other for other in _some(self._accounts, _any_name(tenant)) if tenant.nearness(other) > nearness]

    def has_nearer_tenant(self, tenant: _TenantParty, account: _AccountParty) -> bool:
        """Tell whether the name of another tenant is more like the account's."""
        nearness = account.nearness(tenant)
        return any(account.nearness(other) > nearness for other in _some(self._tenants, _any_name(account)))


def _order(tenant: Tenant) -> tuple[str, str, str]:
    return tenant.name, tenant.uid or "", tenant.id


def _exact(party: _Party) -> Iterable[Hashable]:
    return [party.exact_name] if party.exact_name else []


def _spelled_with_form(party: _Party) -> Iterable[Hashable]:
    form = party.name.legal_form
    return [(spelling, form) for spelling in party.name.spellings] if form else []


def _spelled(party: _Party) -> Iterable[Hashable]:
    return party.name.spellings


def _any_name(party: _Party) -> Iterable[Hashable]:
    return [(party.exact_name,), *party.name.spellings]  # the exact one as a tuple, which no spelling is


def _read(identifiers: Iterable[str | None], read: Callable[[str], str]) -> set[str]:
    return {read(identifier) for identifier in identifiers if identifier and identifier.strip()}


def _may_be_chance(tenant: _TenantParty, account: _AccountParty, read: Callable[[str], str]) -> bool:
    """Tell whether only the numbering is alike: both sides may count from 1, and the names tell of two companies."""
    told = read(tenant.tenant.uid or "")
    telling = len(told) >= _FEWEST_TELLING and any(map(str.isalpha, told))
    known = telling and told in _read(account.account.identifiers, read)
    return not known and not tenant.name.resembles(account.name)


def _doubt(tenant: _TenantParty, found: list[_AccountParty], *, others: bool) -> Doubt | None:
    """Tell why a tenant must not be matched with what was found; ``others`` are tenants that found the same."""
    if len(found) > 1:
        return Doubt.SEVERAL_ACCOUNTS
    if others or found[0].doubt:
        return Doubt.SEVERAL_TENANTS
    return Doubt.INACTIVE if found[0].account.active is False else tenant.doubt


def _doubt_of_forms(tenant: _TenantParty, found: Iterable[_AccountParty]) -> Doubt | None:
    return None if any(tenant.name.allows(account.name) for account in found) else Doubt.LEGAL_FORM


def _leave(tenants: Iterable[_TenantParty], found: list[_AccountParty], doubt: Doubt) -> None:
    for tenant in tenants:
        tenant.leave(found[:MOST_CANDIDATES], doubt)
    for account in found:
        account.doubt = account.doubt or Doubt.SEVERAL_TENANTS


def _unmatched(parties: Iterable[_Side]) -> list[_Side]:
    return [party for party in parties if not party.matched]


def _undecided(parties: Iterable[_Side]) -> list[_Side]:
    return [party for party in parties if not party.matched and not party.doubt]


def _filed(parties: Iterable[_Side], keys: Callable[[_Side], Iterable[Hashable]]) -> dict[Hashable, list[_Side]]:
    filed: dict[Hashable, list[_Side]] = defaultdict(list)
    for party in parties:
        for key in keys(party):
            filed[key].append(party)
    return dict(filed)


def _some(filed: Mapping[Hashable, list[_Side]], keys: Iterable[Hashable]) -> Iterator[_Side]:
    """Find the parties that have one of the keys; of very many, enough to know that there are."""
    yield from dict.fromkeys(party for key in keys for party in filed.get(key, ())[:MOST_CANDIDATES])


def _listed(candidates: Iterable[_AccountParty]) -> tuple[Account, ...]:
    """Order what is still to be had: a name may also be that of an account which another tenant's identifier tells."""
    found = sorted(_unmatched(candidates), key=lambda party: party.position)
    return tuple(party.account for party in found[:MOST_CANDIDATES])
