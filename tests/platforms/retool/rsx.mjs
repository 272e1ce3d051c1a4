// Reads .rsx files the way TypeScript reads TSX, and gives each as a tree: {tag, attributes, children, problems}.
// node rsx.mjs FOLDER FILE...   prints one JSON object a file: {file, problems, comments, root}
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const { folder, files } = JSON.parse(process.argv[2]);

for (const file of files) {
  const text = readFileSync(join(folder, file), "utf8");
  const source = ts.createSourceFile(`${file}.tsx`, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const problems = source.parseDiagnostics.map((one) => ts.flattenDiagnosticMessageText(one.messageText, " "));
  const element = source.statements[0]?.expression;
  console.log(JSON.stringify({ file, problems, root: problems.length || !element ? null : read(element) }));
}

function read(node) {
  const opening = ts.isJsxElement(node) ? node.openingElement : node;
  const attributes = Object.fromEntries(opening.attributes.properties.map((one) => [one.name.getText(), value(one.initializer)]));
  const inside = ts.isJsxElement(node) ? node.children : [];
  const stray = inside.filter((one) => ts.isJsxText(one) && one.text.trim()).map((one) => one.text.trim());
  return { tag: opening.tagName.getText(), attributes, stray, children: inside.filter((one) => !ts.isJsxText(one)).map(read) };
}

function value(node) {
  if (!node) return true;
  return ts.isStringLiteral(node) ? node.text : literal(node.expression);
}

function literal(node) {
  if (ts.isCallExpression(node)) return { include: node.arguments[0].text };
  if (ts.isArrayLiteralExpression(node)) return node.elements.map(literal);
  if (ts.isObjectLiteralExpression(node)) return Object.fromEntries(node.properties.map((one) => [one.name.text, literal(one.initializer)]));
  if (ts.isStringLiteral(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isPrefixUnaryExpression(node)) return -Number(node.operand.text);
  return { true: true, false: false, null: null }[node.getText()];
}
