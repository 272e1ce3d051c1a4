/** Styles like Retool's own components. In the page, since a library may load without its style sheet. */
const LIGHT = `color-scheme: light;
  --fc-card: #fff; --fc-ink: #0d0d0d; --fc-line: #dfe1e6; --fc-soft: #5b6270; --fc-label: #33373f; --fc-red: #b3261e;
  --fc-edge: #8b919e; --fc-hint: #6b7280; --fc-focus: #2a61d9; --fc-track: #757c8a; --fc-link: #2352b8;
  --fc-rule: #f0f1f4; --fc-rule2: #e8eaed; --fc-chip: #eef1f6; --fc-warn: #fff6e0; --fc-warn-ink: #6b4a00;
  --fc-bad: #fdf1f0; --fc-bad-edge: #efb8b4; --fc-bad-ink: #8c1d18; --fc-tag: #e8eefb; --fc-tag-ink: #1f4599;
  --fc-outline: #c3c8d1; --fc-hover: #f3f4f6;`

const DARK = `color-scheme: dark;
  --fc-card: #16181d; --fc-ink: #eceef2; --fc-line: #3a3f4a; --fc-soft: #a9b0be; --fc-label: #d3d7df;
  --fc-red: #ff9a92; --fc-edge: #7a8292; --fc-hint: #969eac; --fc-focus: #8ab0ff; --fc-track: #7a8292;
  --fc-link: #8ab0ff; --fc-rule: #2a2e37; --fc-rule2: #2f343e; --fc-chip: #2a2f3a; --fc-warn: #3a2f12;
  --fc-warn-ink: #ffdf9a; --fc-bad: #3a1d1b; --fc-bad-edge: #7d3a36; --fc-bad-ink: #ffb8b2; --fc-tag: #22325a;
  --fc-tag-ink: #b9cdff; --fc-outline: #5b6270; --fc-hover: #2a2e37;`

export const STYLES = `
.fc-card { ${LIGHT} }
.fc-card[data-theme="dark"] { ${DARK} }
@media (prefers-color-scheme: dark) { .fc-card[data-theme="auto"] { ${DARK} } }
.fc-card { box-sizing: border-box; height: 100%; overflow: auto; padding: 12px; border: 1px solid var(--fc-line); border-radius: 6px;
  background: var(--fc-card); color: var(--fc-ink); font: 400 12px/18px Inter, "Liberation Sans", "Helvetica Neue", Arial, sans-serif; }
.fc-card *, .fc-card *::before { box-sizing: border-box; }
.fc-card h2 { margin: 0; font-size: 16px; line-height: 22px; font-weight: 600; }
.fc-card p { margin: 0; }
.fc-card .fc-summary { margin: 2px 0 12px; color: var(--fc-soft); }
.fc-row { margin-bottom: 12px; }
.fc-label { display: block; margin-bottom: 4px; font-weight: 500; color: var(--fc-label); }
.fc-star { color: var(--fc-red); }
.fc-row-switch { display: grid; grid-template-columns: auto 1fr; column-gap: 8px; align-items: center; }
.fc-row-switch .fc-label { order: 2; margin: 0; }
.fc-row-switch .fc-switch { order: 1; }
.fc-row-switch .fc-help, .fc-row-switch .fc-field-error { order: 3; grid-column: 1 / -1; }
.fc-input { width: 100%; min-height: 32px; padding: 6px 10px; border: 1px solid var(--fc-edge); border-radius: 4px; background: var(--fc-card);
  color: inherit; font: inherit; }
textarea.fc-input { resize: vertical; }
.fc-input::placeholder { color: var(--fc-hint); opacity: 1; }
.fc-input[aria-invalid="true"] { border-color: var(--fc-red); }
.fc-card :is(input, textarea, select, button, summary, .fc-scroll):focus-visible { outline: 2px solid var(--fc-focus); outline-offset: 1px; }
.fc-help { color: var(--fc-soft); font-size: 11px; line-height: 16px; margin-top: 3px !important; white-space: pre-line; }
.fc-field-error { color: var(--fc-red); margin-top: 3px !important; }
.fc-switch { appearance: none; position: relative; width: 28px; height: 16px; margin: 0; border-radius: 8px; background: var(--fc-track); cursor: pointer; }
.fc-switch::before { content: ""; position: absolute; top: 2px; left: 2px; width: 12px; height: 12px; border-radius: 50%; background: #fff;
  transition: transform .1s; }
.fc-switch:checked { background: #2a61d9; }
.fc-switch:checked::before { transform: translateX(12px); }
.fc-checks { display: flex; flex-wrap: wrap; gap: 4px 14px; }
.fc-check { display: inline-flex; align-items: center; gap: 6px; min-height: 24px; }
.fc-check input { width: 16px; height: 16px; margin: 0; accent-color: #2a61d9; }
.fc-file { display: flex; gap: 8px; align-items: center; flex-wrap: wrap; }
.fc-file .fc-input { flex: 1 1 140px; width: auto; }
.fc-options { margin-bottom: 12px; }
.fc-options summary { margin-bottom: 8px; cursor: pointer; font-weight: 500; color: var(--fc-label); }
.fc-button { display: inline-flex; align-items: center; gap: 8px; min-height: 32px; padding: 0 14px; border: 1px solid #2a61d9; border-radius: 4px;
  background: #2a61d9; color: #fff; font: inherit; font-weight: 500; cursor: pointer; }
.fc-button:hover { background: #2352b8; }
.fc-button[aria-disabled="true"] { background: #3f5f9e; border-color: #3f5f9e; cursor: progress; }
.fc-button-outline { min-height: 28px; padding: 0 10px; border-color: var(--fc-outline); background: var(--fc-card); color: var(--fc-label); }
.fc-button-outline:hover { background: var(--fc-hover); }
.fc-button-outline:disabled { opacity: .5; cursor: default; }
.fc-link { border: 0; padding: 4px; background: none; color: var(--fc-link); font: inherit; text-decoration: underline; cursor: pointer; }
.fc-spinner { width: 12px; height: 12px; border: 2px solid #ffffff80; border-top-color: #fff; border-radius: 50%; animation: fc-turn .8s linear infinite; }
@keyframes fc-turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .fc-spinner { animation: none; } .fc-switch::before { transition: none; } }
.fc-outcome { margin-top: 12px; padding-top: 12px; border-top: 1px solid var(--fc-rule2); }
.fc-none { color: var(--fc-soft); }
.fc-result { display: flex; gap: 12px; justify-content: space-between; align-items: flex-start; }
.fc-result-text { font-size: 14px; line-height: 20px; font-weight: 500; white-space: pre-wrap; overflow-wrap: anywhere; }
.fc-values { margin: 10px 0 0; }
.fc-values > div { display: grid; grid-template-columns: minmax(90px, 30%) 1fr; gap: 8px; padding: 5px 0; border-top: 1px solid var(--fc-rule); }
.fc-values dt { color: var(--fc-soft); }
.fc-values dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.fc-values > .fc-wide { display: block; }
.fc-wide dd { margin-top: 2px; }
.fc-chips { display: flex; flex-wrap: wrap; gap: 4px; margin: 0; padding: 0; list-style: none; }
.fc-chips li { padding: 0 8px; border-radius: 9px; background: var(--fc-chip); }
.fc-card code { padding: 0 3px; border-radius: 3px; background: var(--fc-rule); font: 11px "Liberation Mono", Menlo, monospace; }
.fc-list { margin: 0; padding-left: 16px; }
.fc-scroll { overflow-x: auto; }
.fc-table { width: 100%; border-collapse: collapse; white-space: normal; overflow-wrap: normal; }
.fc-table th { color: var(--fc-soft); font-weight: 500; white-space: nowrap; }
.fc-table th, .fc-table td { padding: 3px 10px 3px 0; border-top: 1px solid var(--fc-rule); text-align: left; vertical-align: top; }
.fc-warnings { margin: 10px 0 0; padding: 8px 8px 8px 24px; border-radius: 4px; background: var(--fc-warn); color: var(--fc-warn-ink); }
.fc-card .fc-bill { margin-top: 10px; color: var(--fc-soft); font-size: 11px; }
.fc-problem { padding: 8px 10px; border: 1px solid var(--fc-bad-edge); border-radius: 4px; background: var(--fc-bad); color: var(--fc-bad-ink); }
.fc-code { font-family: "Liberation Mono", Menlo, monospace; font-size: 11px; }
.fc-buttons { display: flex; gap: 8px; margin-top: 10px; }
.fc-status { display: inline-block; margin-bottom: 8px; padding: 1px 8px; border-radius: 10px; background: var(--fc-tag); color: var(--fc-tag-ink); font-weight: 500; }
.fc-waiting { padding: 10px 12px; border: 1px solid var(--fc-line); border-left: 3px solid #b26a00; border-radius: 4px; }
.fc-waiting .fc-list { margin: 6px 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.fc-waiting .fc-input { margin-top: 8px; }
.fc-anchor { display: inline-block; padding: 4px 0; color: var(--fc-link); }
.fc-long { max-height: 360px; overflow-y: auto; }
.fc-details { margin-top: 8px; border-top: 1px solid var(--fc-rule); padding-top: 6px; }
.fc-details summary { cursor: pointer; color: var(--fc-soft); font-weight: 500; min-height: 24px; }
`
