import { render } from "@testing-library/react";
import { MantineProvider } from "@mantine/core";
import { expect, test } from "vitest";
import { parseMarkdown } from "./block.ts";
import { toDoc, toUnfinishedDoc, type DocNode } from "./doc.ts";
import { Markdown } from "./view.tsx";
import { writeDoc } from "./write.ts";

const text = (value: string, ...marks: string[]): DocNode => ({ type: "text", text: value, ...(marks.length > 0 && { marks: marks.map((type) => ({ type })) }) });
const paragraph = (...content: DocNode[]): DocNode => ({ type: "paragraph", content });
const doc = (...content: DocNode[]): DocNode => ({ type: "doc", content });

function html(source: string): string {
  const { container } = render(<MantineProvider><Markdown text={source} mentions={[]} /></MantineProvider>);
  return container.querySelector("div")?.innerHTML.replace(/ (?:class|style|dir|data-[\w-]+)="[^"]*"/gu, "") ?? "";
}

// Spec: C5
test.each([
  ["**bold** and *italic*, ***both***, ~~gone~~, `code`", "<p><strong>bold</strong> and <em>italic</em>, <em><strong>both</strong></em>, <s>gone</s>, <code>code</code></p>"],
  ["snake_case_name and 2 * 3 * 4", "<p>snake_case_name and 2 * 3 * 4</p>"],
  ["a\nb", "<p>a<br>b</p>"],
  ["- one\n- two\n  - inner\n\nend", "<ul><li><p>one</p></li><li><p>two</p><ul><li><p>inner</p></li></ul></li></ul><p>end</p>"],
  ["3. c\n4. d", '<ol start="3"><li><p>c</p></li><li><p>d</p></li></ol>'],
  ["> said\n> so\n\nanswer", "<blockquote><p>said<br>so</p></blockquote><p>answer</p>"],
  ["```js\n**no** <b>\n```", "<pre><code>**no** &lt;b&gt;</code></pre>"],
  ["# Title\n\ntext", "<p>Title</p><p>text</p>"],
  [String.raw`\*not\* <i>it</i> &amp; &lt;`, "<p>*not* &lt;i&gt;it&lt;/i&gt; &amp; &lt;</p>"],
])("Markdown %j is read as CommonMark reads it", (source, expected) => {
  expect(html(source)).toBe(expected);
});

test("links lead away safely, and nothing that runs is a link", () => {
  expect(html("[site](https://a.example/x_(y))")).toContain('href="https://a.example/x_(y)"');
  expect(html("see https://a.example/b_c*d.")).toContain('href="https://a.example/b_c*d"');
  expect(html("[x](https://a.example)")).toContain('rel="noopener noreferrer nofollow"');
  expect(html("[x](javascript:alert(1)) [y](data:text/html,1) <javascript:z>")).not.toContain("href");
  expect(html("![cat](https://a.example/cat.png)")).not.toContain("<img");
  expect(html('<img src=x onerror="alert(1)">')).toBe('<p>&lt;img src=x onerror="alert(1)"&gt;</p>');
});

test("what was written comes back the same", () => {
  const documents = [
    doc(paragraph(text("a "), text("bold ", "bold"), text("both", "bold", "italic"), text(" end*_[x]"))),
    doc(paragraph(text("1. no list")), paragraph(text("- nor here")), paragraph(text("# nor a title")), paragraph(text("a_b <b> &amp; \\"))),
    doc({ type: "bulletList", content: [{ type: "listItem", content: [paragraph(text("one")), { type: "orderedList", attrs: { start: 2 }, content: [{ type: "listItem", content: [paragraph(text("two"))] }] }] }] }),
    doc({ type: "blockquote", content: [paragraph(text("said")), paragraph(text("so"))] }, { type: "codeBlock", content: [{ type: "text", text: "x = `1`\n\n```" }] }),
    doc(paragraph(text("tick ` in", "code"), { type: "hardBreak" }, text("next"))),
    doc(paragraph({ type: "text", text: "here", marks: [{ type: "link", attrs: { href: "https://a.example/(x)" } }] }, text(" gone", "strike"))),
  ];
  for (const one of documents) {
    const { markdown } = writeDoc(one);
    expect(writeDoc(toDoc(markdown, {})).markdown).toBe(markdown);
  }
  const [first, second] = documents;
  expect(writeDoc(first ?? {}).markdown).toBe(String.raw`a **bold *both*** end\*\_\[x\]`);
  expect(toDoc(writeDoc(second ?? {}).markdown, {})).toEqual(second);
});

test("mentions are found again, whatever is in a name", () => {
  const begun = doc(paragraph(text("hi "), { type: "mention", attrs: { id: "1", label: "Ann_B *C*" } }, text("!")));
  const { markdown, mentions, plain } = writeDoc(begun);
  expect(mentions).toEqual({ "1": "Ann_B *C*" });
  expect(plain).toBe("hi @Ann_B *C*!");
  expect(toDoc(markdown, mentions)).toEqual(begun);
});

test("text without any form is plain, line by line", () => {
  expect(writeDoc(doc(paragraph(text("2 * 3")), { type: "paragraph" }, paragraph(text("end")))).plain).toBe("2 * 3\n\nend");
  expect(writeDoc(doc(paragraph(text("x", "bold")))).plain).toBeUndefined();
});

test("a text made to be slow is read at once", () => {
  const began = Date.now();
  for (const source of ["*a ".repeat(6_000), "[".repeat(20_000), "`a``".repeat(5_000), "> ".repeat(9_000), "- ".repeat(9_000), "**a*".repeat(5_000), "h".repeat(20_000)]) parseMarkdown(source);
  expect(Date.now() - began).toBeLessThan(3_000);
});

test("what is still being written keeps the space or line that was typed last", () => {
  expect(toUnfinishedDoc("The ", {})).toEqual(doc(paragraph(text("The"), text(" "))));
  expect(toUnfinishedDoc("a\n", {})).toEqual(doc(paragraph(text("a"), { type: "hardBreak" })));
  expect(toUnfinishedDoc(" ", {})).toEqual(doc(paragraph(text(" "))));
});
