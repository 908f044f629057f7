# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Private: how the legal forms of companies are written.

All spellings of one line are the same form; two lines are two forms, also where one country's form is the other's
translated: "Müller GmbH" and "Müller Sàrl" may be sisters. Where two countries abbreviate alike (SAS in France and in
Italy), the abbreviation is one form. Forms that are written one after the other need no line: "Co. Ltd" is ``co ltd``.
"""

# ruff: noqa: RUF001

from __future__ import annotations

LEGAL_FORMS = {
    # English
    "ltd": ("Ltd", "Limited"),
    "plc": ("PLC", "Public Limited Company"),
    "inc": ("Inc", "Incorporated"),
    "corp": ("Corp", "Corporation"),
    "co": ("Co", "Company"),
    "llc": ("LLC", "Limited Liability Company"),
    "pllc": ("PLLC", "Professional Limited Liability Company"),
    "llp": ("LLP", "Limited Liability Partnership"),
    "lllp": ("LLLP",),
    "lp": ("LP", "Limited Partnership"),
    "dac": ("DAC", "Designated Activity Company"),
    "clg": ("CLG", "Company Limited by Guarantee"),
    "teo": ("Teo", "Teoranta"),
    "cic": ("CIC", "Community Interest Company"),
    "pty": ("Pty", "Proprietary"),
    "pvt ltd": ("Pvt Ltd", "Pvt Limited", "Private Limited", "Private Ltd"),
    "pte ltd": ("Pte Ltd", "Pte Limited"),
    "sdn bhd": ("Sdn Bhd", "Sendirian Berhad"),
    "bhd": ("Bhd", "Berhad"),
    # German
    "gmbh": (
        "GmbH",
        "G.m.b.H.",
        "GesmbH",
        "Ges.m.b.H.",
        "Gesellschaft mbH",
        "Gesellschaft m.b.H.",
        "Gesellschaft mit beschränkter Haftung",
        "Gesellschaft mit beschraenkter Haftung",
    ),
    "mbh": ("mbH",),
    "ggmbh": ("gGmbH", "gemeinnützige GmbH", "gemeinnuetzige GmbH"),
    "ug": (
        "UG",
        "UG haftungsbeschränkt",
        "UG haftungsbeschraenkt",
        "Unternehmergesellschaft",
        "Unternehmergesellschaft haftungsbeschränkt",
    ),
    "ag": ("AG", "Aktiengesellschaft"),
    "kg": ("KG", "Kommanditgesellschaft"),
    "kgaa": ("KGaA", "Kommanditgesellschaft auf Aktien"),
    "ohg": ("OHG", "Offene Handelsgesellschaft"),
    "og": ("OG", "Offene Gesellschaft"),
    "gbr": ("GbR", "Gesellschaft bürgerlichen Rechts"),
    "gmbh & co kg": ("GmbH & Co. KG", "GmbH und Co. KG", "GmbH u. Co. KG", "GmbH Co. KG"),
    "gmbh & co kgaa": ("GmbH & Co. KGaA",),
    "gmbh & co ohg": ("GmbH & Co. OHG",),
    "ug & co kg": ("UG & Co. KG", "UG haftungsbeschränkt & Co. KG"),
    "ag & co kg": ("AG & Co. KG",),
    "partg": ("PartG", "Partnerschaftsgesellschaft"),
    "mbb": ("mbB", "PartG mbB", "PartGmbB"),
    "ek": ("e.K.", "e. K.", "eK", "e.Kfm.", "e.Kfr.", "eingetragener Kaufmann", "eingetragene Kauffrau"),
    "ev": ("e.V.", "e. V.", "eV", "eingetragener Verein"),
    "eg": ("e.G.", "eG", "eingetragene Genossenschaft"),
    "einzelunternehmen": ("Einzelunternehmen",),
    "se": ("SE", "Societas Europaea"),
    # French
    "sa": ("SA", "S. A.", "Société Anonyme", "Sociedad Anónima", "Sociedade Anônima", "Spółka Akcyjna"),
    "sas": ("SAS", "Société par Actions Simplifiée", "Società in accomandita semplice"),
    "sasu": ("SASU",),
    "sarl": ("SARL", "S.à r.l.", "S.à.r.l.", "S. à r. l.", "Société à responsabilité limitée"),
    "eurl": ("EURL",),
    "sci": ("SCI", "Société civile immobilière"),
    "selarl": ("SELARL",),
    "snc": ("SNC", "Société en nom collectif", "Società in nome collettivo"),
    # Spanish, Italian, Portuguese, Romanian
    "sau": ("SAU",),
    "sl": ("SL", "S. L.", "Sociedad Limitada"),
    "slu": ("SLU", "Sociedad Limitada Unipersonal"),
    "sll": ("SLL",),
    "slp": ("SLP",),
    "s coop": ("S. Coop.", "S.Coop.", "Sociedad Cooperativa"),
    "sa de cv": ("S.A. de C.V.",),
    "srl de cv": ("S. de R.L. de C.V.", "S de RL de CV"),
    "spa": ("S.p.A.", "SpA", "S. p. A.", "Società per Azioni", "Sociedad por Acciones"),
    "srl": ("S.r.l.", "Srl", "S. r. l.", "Società a responsabilità limitata", "Sociedad de Responsabilidad Limitada"),
    "srls": ("S.r.l.s.", "Srls"),
    "unipersonale": ("Unipersonale",),
    "lda": ("Lda", "Ltda", "Limitada"),
    "lda me": ("Ltda ME",),
    "lda epp": ("Ltda EPP",),
    "unipessoal": ("Unipessoal",),
    "eireli": ("EIRELI",),
    # Dutch, Belgian
    "bv": ("B.V.", "BV", "B. V.", "Besloten Vennootschap"),
    "nv": ("N.V.", "NV", "N. V.", "Naamloze Vennootschap"),
    "vof": ("V.O.F.", "VOF", "Vennootschap onder firma"),
    "bvba": ("BVBA",),
    "sprl": ("SPRL",),
    "commv": ("CommV", "Comm. V", "Comm.V."),
    "vzw": ("VZW",),
    "asbl": ("ASBL",),
    # Nordic, Baltic
    "ab": ("AB", "Aktiebolag", "Aktiebolaget"),
    "publ": ("publ",),
    "hb": ("HB", "Handelsbolag"),
    "aps": ("ApS", "Anpartsselskab"),
    "as": ("A/S", "AS", "A. S.", "Aktieselskab", "Aksjeselskap", "akciová společnost", "Anonim Şirketi"),
    "asa": ("ASA", "Allmennaksjeselskap"),
    "amba": ("A.m.b.a.", "amba"),
    "oy": ("Oy", "Osakeyhtiö"),
    "oyj": ("Oyj", "Julkinen osakeyhtiö"),
    "ky": ("Ky", "Kommandiittiyhtiö"),
    "ehf": ("ehf",),
    "ou": ("OÜ", "Osaühing"),
    "uab": ("UAB",),
    "sia": ("SIA",),
    # Polish, Czech, Slovak, Hungarian, South Slavic
    "sp zoo": (
        "Sp. z o.o.",
        "Sp. z o. o.",
        "Sp. zoo",
        "Sp. z oo",
        "spółka z o.o.",
        "spółka z o. o.",
        "spółka z ograniczoną odpowiedzialnością",
    ),
    "sp k": ("Sp. k.", "Spk", "spółka komandytowa"),
    "sp j": ("Sp. j.", "Spj", "spółka jawna"),
    "sc": ("s.c.", "spółka cywilna"),
    "sro": ("s.r.o.", "s. r. o.", "spol. s r.o.", "spol. s r. o.", "společnost s ručením omezeným"),
    "vos": ("v.o.s.", "v. o. s.", "veřejná obchodní společnost"),
    "ks": ("k.s.", "komanditní společnost"),
    "kft": ("Kft", "Korlátolt Felelősségű Társaság"),
    "zrt": ("Zrt", "Zártkörűen működő részvénytársaság"),
    "nyrt": ("Nyrt",),
    "bt": ("Bt", "Betéti Társaság"),
    "doo": ("d.o.o.", "d. o. o.", "doo"),
    "jdoo": ("j.d.o.o.",),
    "dd": ("d.d.", "d. d."),
    "sp": ("s.p.",),
    # Turkish
    "ltd sti": ("Ltd. Şti.", "Limited Şirketi"),
    # Cyrillic
    "ооо": ("ООО", "OOO", "Общество с ограниченной ответственностью"),
    "ао": ("АО", "Акционерное общество"),
    "пао": ("ПАО", "Публичное акционерное общество"),
    "зао": ("ЗАО", "Закрытое акционерное общество"),
    "оао": ("ОАО", "Открытое акционерное общество"),
    "ип": ("ИП", "Индивидуальный предприниматель"),
    "тов": ("ТОВ", "Товариство з обмеженою відповідальністю"),
    "оод": ("ООД",),
    "еоод": ("ЕООД",),
    # Greek
    "αε": ("Α.Ε.", "ΑΕ", "Ανώνυμη Εταιρεία"),
    "επε": ("Ε.Π.Ε.", "ΕΠΕ"),
    "οε": ("Ο.Ε.", "ΟΕ"),
    "εε": ("Ε.Ε.", "ΕΕ"),
    "ικε": ("Ι.Κ.Ε.", "ΙΚΕ"),
    # East Asian, Hebrew
    "kk": ("K.K.", "KK", "Kabushiki Kaisha", "Kabushiki Gaisha", "株式会社"),
    "yk": ("Y.K.", "Yugen Kaisha", "Yugen Gaisha", "有限会社"),
    "gk": ("G.K.", "Godo Kaisha", "Godo Gaisha", "合同会社"),
    "有限公司": ("有限公司", "有限责任公司"),
    "股份有限公司": ("股份有限公司",),
    "주식회사": ("주식회사",),
    "유한회사": ("유한회사",),
    'בע"מ': ('בע"מ',),
}
"""Spellings by the form that they all stand for. Case, accents and the dots inside of an abbreviation do not count."""

LEADING_FORMS = (
    *("GmbH", "SARL", "EURL", "SELARL", "OOO"),
    *("ООО", "АО", "ПАО", "ЗАО", "ОАО", "ИП", "ТОВ", "Общество с ограниченной ответственностью"),
    *("Акционерное общество", "Индивидуальный предприниматель", "Товариство з обмеженою відповідальністю"),
    *("株式会社", "有限会社", "合同会社", "주식회사", "유한회사"),
)
"""Spellings that also stand in front. No short Latin ones: most names that begin with AB or KK are just so."""

EVERYDAY_FORMS = frozenset(
    {"asa", "bt", "dac", "ev", "hb", "ks", "ky", "nv", "og", "ou", "sc", "sci", "se", "sia", "sp", "spa", "teo"}
)
"""Forms that, written without dots, may be a word, a region or a product instead: a day spa, EV, Nevada."""

ATTACHED_FORMS = (
    *("株式会社", "有限会社", "合同会社"),
    *("股份有限公司", "有限责任公司", "有限公司"),
    *("주식회사", "유한회사"),
)
"""Forms that are written without a space, the longer ones first."""

BRACKETED_FORMS = {
    "(株)": "株式会社",
    "(有)": "有限会社",
    "(同)": "合同会社",
    "(주)": "주식회사",
    "(유)": "유한회사",
    "(p)": "pvt",
}
"""What forms in brackets stand for."""
