// The only classic script: theme and scale before the first paint, then the page's modules.
// Dash gives every .mjs a script tag of its own, and a module that is also imported would run twice; so the modules
// live in folders that Dash does not look into, and are imported from here.
(function () {
  "use strict";
  var root = document.documentElement;
  var THEMES = ["dark", "light", "night"];
  var LATE_MS = 30000;

  function remembered() {
    try { return localStorage.getItem("jointops-theme"); } catch (_) { return null; }
  }

  function setTheme(name) {
    root.dataset.theme = THEMES.indexOf(name) >= 0 ? name : "dark";
    try { localStorage.setItem("jointops-theme", root.dataset.theme); } catch (_) { /* private window */ }
  }

  // One wall design at every size: at 3840x2160 everything is twice as large as at 1920x1080.
  function setScale() {
    var wall = Math.min(innerWidth / 1920, innerHeight / 1080);
    var touch = innerWidth <= 1100;
    root.style.setProperty("--scale", String(touch ? 1.0 : Math.max(1, Math.round(wall * 100) / 100)));
  }

  window.jointopsTheme = { names: THEMES, set: setTheme };
  window.dash_clientside = window.dash_clientside || {};
  setTheme(new URLSearchParams(location.search).get("theme") || remembered());
  setScale();
  addEventListener("resize", setScale);

  var begun = Date.now();
  var watch = 0;

  function late(what) {
    // A page that lost a file while the site restarted heals itself.
    console.warn("page_incomplete: " + what);
    setTimeout(function () { location.reload(); }, 3000);
  }

  function look() {
    if (!document.querySelector("#react-entry-point")) { clearInterval(watch); return; }
    var config = document.querySelector("#jointops-config");
    if (config) {
      clearInterval(watch);
      import(config.dataset.entry).catch(function (error) { late("map: " + error); });
    } else if (Date.now() - begun > LATE_MS) {
      clearInterval(watch);
      late("layout");
    }
  }

  addEventListener("DOMContentLoaded", function () { watch = setInterval(look, 50); look(); });
})();
