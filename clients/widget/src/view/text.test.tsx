import { render } from "preact";
import { expect, test } from "vitest";
import { Text } from "./text.tsx";

function shown(body: string): HTMLElement {
  const box = document.createElement("p");
  render(<Text body={body} />, box);
  return box;
}

test("text is shown as it is, whatever it looks like", () => {
  const body = "<img src=x onerror=alert(1)> & \u202E{{x}} javascript:alert(1)";
  const box = shown(body);
  expect(box.textContent).toBe(body);
  expect(box.children).toHaveLength(0);
});

test("web addresses are links that tell nothing and open elsewhere", () => {
  const box = shown("See https://shop.example/a?b=c&d=(1), or (http://x.example).");
  const links = [...box.querySelectorAll("a")];
  expect(links.map((link) => link.getAttribute("href"))).toEqual(["https://shop.example/a?b=c&d=(1", "http://x.example"]);
  for (const link of links) {
    expect(link.getAttribute("rel")).toContain("noopener noreferrer");
    expect(link.getAttribute("target")).toBe("_blank");
  }
  expect(box.textContent).toBe("See https://shop.example/a?b=c&d=(1), or (http://x.example).");
});

test("a long message is read in no time", () => {
  const began = performance.now();
  shown("https://".repeat(2_500));
  shown(`http://x.example/${").".repeat(9_000)}`);
  expect(performance.now() - began).toBeLessThan(1_000);
});
