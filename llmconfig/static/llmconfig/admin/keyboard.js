// What answers to a click also answers to the keyboard: the theme's own controls are partly spans.
(() => {
  const CONTROLS = "span[x-on\\:click], a[x-on\\:click]:not([href]), div[x-on\\:click]";
  const reachable = (element) => {
    if (element.hasAttribute("tabindex") || element.id === "changelist-filter-close") return;
    element.setAttribute("tabindex", "0");
    if (!element.hasAttribute("role")) element.setAttribute("role", "button");
    element.addEventListener("keydown", (event) => {
      if (event.target !== element || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      element.click();
    });
  };
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(CONTROLS).forEach(reachable);
    document.querySelectorAll("#searchbar, input[type=search]").forEach((search) => {
      if (!search.labels?.length) search.setAttribute("aria-label", search.placeholder);
    });
  });
})();
