// Runs before the first paint so that a chosen theme does not flash; a file of its own because the CSP allows no inline script.
(function () {
  var theme = "system";
  try {
    theme = JSON.parse(localStorage.getItem("ccm.theme") || '"system"');
  } catch (error) {
    theme = "system";
  }
  var dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
