import { readFileSync } from "node:fs";
import { expect } from "chai";
import { parametersPage } from "../../scripts/parameters-page.ts";

describe("docs/parameters.md", () => {
  it("shows the presets and profiles as they are", () => {
    const page = readFileSync(new URL("../../docs/parameters.md", import.meta.url), "utf8");
    expect(page, "run node scripts/parameters-page.ts").to.equal(parametersPage());
  });
});
