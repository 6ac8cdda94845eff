/** Builds a chart's tooltip as nodes: names come from outside and must never be read as HTML. */

export interface TooltipLine {
  color: string;
  name: string;
  text: string;
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

export function tooltipElement(title: string, lines: readonly TooltipLine[], total?: string): HTMLElement {
  const box = element("div", "ccm-tooltip");
  box.append(element("div", "ccm-tooltip-title", title));
  for (const line of lines) {
    const row = element("div", "ccm-tooltip-line");
    const dot = element("span", "ccm-tooltip-dot");
    dot.style.background = line.color;
    row.append(dot, element("span", "ccm-tooltip-name", line.name), element("span", "ccm-number", line.text));
    box.append(row);
  }
  if (total !== undefined) box.append(element("div", "ccm-tooltip-total ccm-number", total));
  return box;
}
