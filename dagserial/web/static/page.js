// What pages gain where scripts run: zoom by keys, wheel and buttons, dragging, filters as one types, tables that sort.
"use strict";
(() => {
  const steps = [10, 25, 50, 75, 100, 150, 200, 300, 400];

  function zoomable(viewer) {
    const picture = viewer.querySelector("svg.dag-graph");
    if (!picture || picture.classList.contains("overview")) return;
    const size = picture.viewBox.baseVal;
    let percent = Math.round((100 * picture.width.baseVal.value) / size.width) || 100;
    const said = document.createElement("output");
    const set = (next) => {
      const before = percent;
      percent = Math.min(400, Math.max(5, next));
      const left = viewer.scrollLeft + viewer.clientWidth / 2;
      const top = viewer.scrollTop + viewer.clientHeight / 2;
      picture.setAttribute("width", (size.width * percent) / 100);
      picture.setAttribute("height", (size.height * percent) / 100);
      viewer.scrollLeft = (left * percent) / before - viewer.clientWidth / 2;
      viewer.scrollTop = (top * percent) / before - viewer.clientHeight / 2;
      said.value = `${Math.round(percent)} %`;
    };
    const nearer = () => set(steps.find((step) => step > percent + 1) || 400);
    const farther = () => set(steps.findLast((step) => step < percent - 1) || 5);
    const fit = () => set(Math.min(100, (100 * (viewer.clientWidth - 20)) / size.width, (100 * (viewer.clientHeight - 20)) / size.height));
    const tools = document.createElement("span");
    tools.className = "zoom";
    for (const [text, label, act] of [["−", "Zoom out", farther], ["+", "Zoom in", nearer], ["Fit", "Fit the graph", fit]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", act);
      tools.append(button, " ");
    }
    tools.append(said);
    said.value = `${percent} %`;
    const links = viewer.parentElement.querySelector(".zoom");
    if (links) links.replaceWith(tools);
    viewer.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const act = { "+": nearer, "=": nearer, "-": farther, 0: () => set(100), f: fit }[event.key];
      if (act) {
        act();
        event.preventDefault();
      }
    });
    viewer.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      (event.deltaY < 0 ? nearer : farther)();
    }, { passive: false });
    draggable(viewer);
    const whole = (100 * (viewer.clientWidth - 20)) / size.width;
    if (percent === 100 && whole < 100 && whole >= 65) set(whole);
  }

  function draggable(viewer) {
    let from = null;
    let moved = false;
    viewer.addEventListener("pointerdown", (event) => {
      if (event.button || event.pointerType === "touch") return;
      from = [event.clientX + viewer.scrollLeft, event.clientY + viewer.scrollTop];
      moved = false;
    });
    window.addEventListener("pointermove", (event) => {
      if (!from) return;
      const left = from[0] - event.clientX;
      const top = from[1] - event.clientY;
      moved = moved || Math.abs(left - viewer.scrollLeft) + Math.abs(top - viewer.scrollTop) > 4;
      if (!moved) return;
      viewer.classList.add("drag");
      viewer.scrollLeft = left;
      viewer.scrollTop = top;
    });
    window.addEventListener("pointerup", () => {
      from = null;
      viewer.classList.remove("drag");
    });
    viewer.addEventListener("dragstart", (event) => event.preventDefault());
    viewer.addEventListener("click", (event) => {
      if (moved) event.preventDefault();
    }, true);
  }

  function filtering(input) {
    const rows = document.getElementById(input.dataset.filter);
    if (!rows) return;
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      for (const row of rows.rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
    });
  }

  function sortable(table) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        const rows = [...table.tBodies[0].rows];
        const text = (row) => row.cells[column].textContent.trim();
        rows.sort((one, other) => text(one).localeCompare(text(other), undefined, { numeric: true }));
        table.tBodies[0].append(...(down ? rows.reverse() : rows));
        for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
      });
    });
  }

  document.querySelectorAll(".viewer").forEach(zoomable);
  document.querySelectorAll("[data-filter]").forEach(filtering);
  document.querySelectorAll("table[data-sortable]").forEach(sortable);
  document.documentElement.dataset.ready = "1";
})();
