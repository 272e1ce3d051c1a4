// The connection: where the service is, and a key of its operator's.
const { addressOf, call } = require("./http");

const fields = (app) => [
  {
    key: "address",
    label: "Service address",
    type: "string",
    required: true,
    helpText:
      "The https address of your Formcall service. Zapier calls it from the internet, so it must be reachable from there.",
    placeholder: "https://forms.example",
    ...(app.address ? { default: app.address } : {}),
  },
  {
    key: "api_key",
    label: "API key",
    type: "password",
    required: true,
    helpText:
      "A key of the service; it begins with `fc_`. Whoever runs the service makes one with `formcall key create zapier`.",
  },
];

const test = async (z, bundle) => {
  const { data } = await call(z, bundle, "/v1/actions");
  const host = new URL(addressOf(bundle)).host;
  if (!Array.isArray(data)) {
    throw new z.errors.Error(
      `What answers at ${host} is not a Formcall service. Check the address.`,
      "not_formcall",
      200,
    );
  }
  return { host, actions: data.length };
};

module.exports = (app) => ({
  type: "custom",
  fields: fields(app),
  test,
  connectionLabel: "{{host}}",
});
