/** The codes of a batch as a file: one a line under a heading. Codes hold nothing that a sheet could run. */
export function codesAsCsv(codes: readonly string[]): string {
  return ["code", ...codes, ""].join("\r\n");
}

/** Hands a text to the reader as a file. */
export function saveText(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  URL.revokeObjectURL(address);
}
