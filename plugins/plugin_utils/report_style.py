# Copyright (c) 2026, the msp.kaspersky contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a report looks: on a screen and on paper, in light and dark, however wide."""

from __future__ import annotations

from collections.abc import Mapping

LIGHT = {
    "background": "#f5f6f8",
    "surface": "#ffffff",
    "text": "#1a1f26",
    "quiet": "#545d69",
    "line": "#d9dde3",
    "accent": "#0b5cad",
    "good": "#18794e",
    "caution": "#8f5300",
    "bad": "#b3261e",
    "neutral": "#5b6675",
}
DARK = {
    "background": "#12151a",
    "surface": "#1b2027",
    "text": "#e9ecf0",
    "quiet": "#aab2bd",
    "line": "#363d47",
    "accent": "#7cb8f5",
    "good": "#5ccb93",
    "caution": "#f0b35a",
    "bad": "#ff8f85",
    "neutral": "#94a0b0",
}
TEXT_COLOURS = ("text", "quiet", "accent", "good", "caution", "bad", "neutral")
"""Colours that something is written in, on both grounds."""

_RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--background);color:var(--text);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}
bdi{overflow-wrap:anywhere}
.skip{position:absolute;left:-100rem}
.skip:focus{left:1rem;top:1rem;padding:.5rem 1rem;background:var(--surface);z-index:1}
header,main,footer{max-width:68rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:3rem}
header p{margin:0;color:var(--quiet)}
h1{font-size:1rem;font-weight:600;margin:0;color:var(--quiet)}
.verdict{font-size:clamp(1.6rem,5.2vw,2.7rem);line-height:1.15;font-weight:650;letter-spacing:-.02em;
margin:.4rem 0 .6rem;color:var(--text);max-width:24em;text-wrap:balance}
h2{font-size:1.15rem;margin:0 0 .75rem;letter-spacing:-.01em}
h3{font-size:1rem;margin:0 0 .25rem}
h4{font-size:.95rem;margin:.9rem 0 0}
section{background:var(--surface);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem 1.4rem;
margin:1.25rem 0}
section>p:first-of-type{margin-top:0}
section>svg+p:first-of-type{margin-top:.75rem}
section>:last-child{margin-bottom:0}
nav ul,.todo,.figures{list-style:none;margin:0;padding:0}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;margin-top:1.25rem}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:.2rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:1rem;margin:0 0 1.1rem}
.figures b{display:block;font-size:1.9rem;line-height:1.1;font-weight:600;letter-spacing:-.02em}
.figures span{color:var(--quiet)}
.figures .served b{color:var(--good)}.figures :is(.unmapped,.inactive) b{color:var(--caution)}
.figures :is(.lost,.stale) b{color:var(--bad)}.figures .unbound b{color:var(--neutral)}
.todo>li{border-left:.3rem solid var(--neutral);padding:.1rem 0 .1rem .9rem;margin:0 0 1rem}
.todo>li:last-child{margin-bottom:0}
.todo>.bad{border-color:var(--bad)}.todo>.caution{border-color:var(--caution)}
.todo p{margin:0;color:var(--quiet)}
.state{font-weight:600}.state.good{color:var(--good)}.state.caution{color:var(--caution)}.state.bad{color:var(--bad)}
svg{display:block;width:100%;height:auto}
.chart-bar{border-radius:.4rem;height:2.25rem}
.chart-bar,.chart-columns{overflow:hidden}
.good{fill:var(--good)}.caution{fill:var(--caution)}.bad{fill:var(--bad)}.neutral{fill:var(--neutral)}
.axis{stroke:var(--line)}.limit{stroke:var(--text);stroke-width:1.5}
svg text{fill:var(--quiet);font-size:13px;text-anchor:middle}
.gauge{width:7.6rem;display:inline-block;vertical-align:middle;margin-right:.5rem}
table{border-collapse:collapse;width:100%;font-size:.95rem}
caption{text-align:left;color:var(--quiet);padding-bottom:.5rem}
th,td{text-align:left;padding:.5rem .75rem .5rem 0;border-top:1px solid var(--line);vertical-align:top;font-weight:400}
.number,.together,thead th{white-space:nowrap}
thead th{color:var(--quiet);border-top:0;font-size:.85rem}
tbody th{font-weight:600}
.number{text-align:right}
details{margin-top:.75rem}
summary{cursor:pointer;color:var(--accent);width:fit-content}
details ul{columns:16rem;column-gap:2rem;margin:.6rem 0 0;padding-left:1.1rem}
details li{break-inside:avoid}
.quiet{color:var(--quiet)}
footer{color:var(--quiet);padding-bottom:3rem;font-size:.9rem}
@media (max-width:40rem){
header{padding-top:1.75rem}
section{padding:1rem}
thead{position:absolute;left:-100rem}
table,caption,tbody,tr,th,td{display:block}
tr{border-top:1px solid var(--line);padding:.6rem 0}
th,td{border:0;padding:.1rem 0}
td.number{text-align:left}
td::before{content:attr(data-label) ": ";color:var(--quiet)}
}
@media print{
body{background:#fff;font-size:10pt}
nav,.skip{display:none}
section{break-inside:avoid-page;border-color:#999}
tr,li{break-inside:avoid}
thead{display:table-header-group}
.chart-bar rect,.chart-columns rect{stroke:#000;stroke-width:.5}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
"""


def style() -> str:
    """Write the style sheet. On paper, it is the light one."""
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(DARK)};color-scheme:dark}}}}"
    return f":root{{{_variables(LIGHT)};color-scheme:light}}{dark}{_RULES}"


def _variables(colours: Mapping[str, str]) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in colours.items())
