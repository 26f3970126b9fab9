import { expect, test } from "vitest";
import { delimiterOf, guarded, readRows, unguarded, writeRow } from "./csv.ts";

const read = (text: string): string[][] => [...readRows(text)];

test("cells may hold commas, quotation marks and line ends", () => {
  expect(read('a,"b, c","say ""hi""","two\r\nlines"\r\n1,2,3,4')).toEqual([["a", "b, c", 'say "hi"', "two\r\nlines"], ["1", "2", "3", "4"]]);
});

test("the sign between cells is found, a mark at the beginning is not read, and empty rows are left out", () => {
  expect(read("\uFEFFname;city\n\nOak;Lund\n;\n")).toEqual([["name", "city"], ["Oak", "Lund"]]);
  expect([delimiterOf("a\tb"), delimiterOf('"a;b;c",d'), delimiterOf("one"), delimiterOf('"two\nlines";x,y;z')]).toEqual(["\t", ",", ",", ";"]);
});

test("a last cell without text is there, and a file may end without a line end", () => {
  expect(read("a,b\n1,")).toEqual([["a", "b"], ["1", ""]]);
  expect(read('a,"open')).toEqual([["a", "open"]]);
  expect(read("")).toEqual([]);
});

test("what a spreadsheet would take for a formula is kept a text, numbers stay numbers", () => {
  expect(["=1+1", "+46 70", "@SUM(A1)", "-2+3", "\tx"].map(guarded)).toEqual(["'=1+1", "'+46 70", "'@SUM(A1)", "'-2+3", "'\tx"]);
  expect(["-12.50", "12", "plain", "'quoted'"].map(guarded)).toEqual(["-12.50", "12", "plain", "'quoted'"]);
});

test("whatever is written is read again as it was", () => {
  const cells = ['"', ",", "\r\n", "'", "=1", "'=1", " x ", "", "ä😀", ";", "a\nb", '""', "\t"];
  for (let seed = 1; seed <= 500; seed++) {
    const row = Array.from({ length: 1 + (seed % 4) }, (_, index) => cells[(seed * 7 + index * (seed % 5)) % cells.length] ?? "");
    if (row.every((cell) => cell === "")) continue;
    expect(read(writeRow(["h", "h2"]) + writeRow(row))).toEqual([["h", "h2"], row]);
    expect(row.filter((cell) => !cell.startsWith("'=")).map((cell) => unguarded(guarded(cell)))).toEqual(row.filter((cell) => !cell.startsWith("'=")));
  }
});
