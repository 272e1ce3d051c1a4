// Sends one form in each way that axios, qs and fetch write it; prints [way, status, answer] lines.
import axios from "axios";
import qs from "qs";

const [address, key] = process.argv.slice(2);
const url = `${address}/v1/actions/classify`;
const headers = { "X-API-Key": key };
const form = {
  text: "Hello, I was charged twice for my May invoice.\nPlease send 5 € back — José",
  categories: ["billing", "other, misc"],
  multiple: true,
  tag: "",
};
const ways = {
  "axios JSON": () => axios.post(url, form, { headers }),
  "axios form": () => axios.postForm(url, form, { headers }),
  "axios params": () => axios.post(url, new URLSearchParams({ ...form, categories: "billing\nother" }), { headers }),
  "axios urlencoded object": () =>
    axios.post(url, form, { headers: { ...headers, "Content-Type": "application/x-www-form-urlencoded" } }),
  "axios string": () => axios.post(url, JSON.stringify(form), { headers }),
  "axios text/plain": () => axios.post(url, JSON.stringify(form), { headers: { ...headers, "Content-Type": "text/plain" } }),
  "axios twice": () =>
    axios.post(url, JSON.stringify(JSON.stringify(form)), { headers: { ...headers, "Content-Type": "application/json" } }),
  "axios options in params": () => axios.post(url, form, { headers, params: { dry_run: true, effort: "low" } }),
  "axios mistyped": () => axios.post(url, form, { headers, params: { dryRun: true } }),
  ...Object.fromEntries(
    ["indices", "brackets", "repeat"].map((arrayFormat) => [
      `qs ${arrayFormat}`,
      () => axios.post(url, qs.stringify(form, { arrayFormat }), { headers }),
    ]),
  ),
  "qs latin-1": () =>
    axios.post(url, qs.stringify({ text: "José wants 5 back", categories: "billing\nother", read_text: true }, { charset: "iso-8859-1" }), {
      headers: { ...headers, "Content-Type": "application/x-www-form-urlencoded; charset=iso-8859-1" },
    }),
  "qs latin-1 undeclared": () =>
    axios.post(url, qs.stringify({ text: "José", categories: "a\nb" }, { charset: "iso-8859-1" }), { headers }),
  "qs sentinel": () =>
    axios.post(url, qs.stringify({ _charset_: "iso-8859-1", text: "José wants 5 back", categories: "a\nb", read_text: true }, { charset: "iso-8859-1" }), { headers }),
  "fetch FormData": async () => {
    const data = new FormData();
    data.append("text", form.text);
    data.append("categories", "billing\nother");
    const response = await fetch(url, { method: "POST", headers, body: data });
    return { status: response.status, headers: Object.fromEntries(response.headers), data: await response.json() };
  },
};

for (const [way, send] of Object.entries(ways)) {
  const { status, headers, data } = await send().catch((error) => error.response ?? Promise.reject(error));
  console.log(JSON.stringify([way, status, headers["content-type"], data]));
}
