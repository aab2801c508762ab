"""The log-in page: one plain form that works without any script."""

from html import escape

from dashboard.config import Site
from dashboard.views.notice import styles


def page(site: Site, *, next_: str = "", name: str = "", problem: str = "") -> str:
    """Return the page. `problem`: what went wrong with the last try, in words; `next_`: where to go after."""
    alert = f'<p class="door-problem" role="alert">{escape(problem)}</p>' if problem else ""
    hidden = f'<input type="hidden" name="next" value="{escape(next_)}">' if next_ else ""
    demo = '<p class="badge badge-demo">DEMO DATA · EXERCISE</p>' if site.demo else ""
    focus_name, focus_password = ("", " autofocus") if name else (" autofocus", "")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · {escape(site.name)}</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
{styles()}
<script src="/assets/00-bridge.js"></script>
</head>
<body class="door">
<main class="door-card">
<div class="door-mark" aria-hidden="true"></div>
<h1 class="door-title">{escape(site.name)}</h1>
<p class="door-lead">One live picture of several agencies.</p>
{demo}
{alert}
<form method="post" action="/login">
{hidden}
<label class="field"><span>Name</span>
<input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required
 value="{escape(name)}"{focus_name}></label>
<label class="field"><span>Password</span>
<input name="password" type="password" autocomplete="current-password" maxlength="1024" required
{focus_password}></label>
<button class="button button-main" type="submit">Log in</button>
</form>
<p class="door-foot">For authorised use. What you see follows your agency's agreements.</p>
</main>
</body>
</html>
"""
