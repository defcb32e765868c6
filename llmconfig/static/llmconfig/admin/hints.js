// A form that has no row yet: tell anew what fields inherit when another scope is picked.
(() => {
  document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("preference_form");
    const address = document.getElementById("hints-address");
    if (!form || !address) return;
    const scope = ["user", "group", "task_type"];
    const refresh = async () => {
      const query = new URLSearchParams();
      scope.forEach((name) => query.set(name, form.elements[name]?.value ?? ""));
      const answer = await fetch(`${address.dataset.url}?${query}`, { credentials: "same-origin" });
      if (!answer.ok) return;
      for (const [name, told] of Object.entries(await answer.json())) {
        const hint = form.querySelector(`[data-hint="${name}"]`);
        if (hint) hint.innerHTML = told.hint;
        if (form.elements[name]) form.elements[name].placeholder = told.placeholder;
      }
    };
    // Select2 tells of changes through jQuery alone.
    window.django.jQuery(form).on("change", scope.map((name) => `[name=${name}]`).join(), refresh);
  });
})();
