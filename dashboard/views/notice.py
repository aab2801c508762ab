"""A small page that says one thing: not found, not now, not allowed."""

from html import escape


def page(title: str, words: str, *, retry_s: int = 0) -> str:
    """Return the page. `retry_s`: it loads itself again after so many seconds; 0 never."""
    again = f'<meta http-equiv="refresh" content="{retry_s}">' if retry_s else ""
    trying = '<p class="notice-quiet">This page tries again by itself.</p>' if retry_s else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{again}
<title>{escape(title)}</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
{styles()}
<script src="/assets/00-bridge.js"></script>
</head>
<body class="door">
<main class="door-card">
<h1 class="door-title">{escape(title)}</h1>
<p>{escape(words)}</p>
{trying}
<p><a class="button" href="/">To the wall</a></p>
</main>
</body>
</html>
"""


def styles() -> str:
    """Return the style sheets of pages that Dash does not make."""
    return "\n".join(
        f'<link rel="stylesheet" href="/assets/{name}.css">' for name in ("00-tokens", "10-base", "20-layout")
    )
