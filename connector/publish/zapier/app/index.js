// A Zapier app for one Formcall service. app.json, which is generated from the actions, declares its
// steps; the code is the same for all of them.
const { version: platformVersion } = require("zapier-platform-core");

const app = require("./app.json");
const authentication = require("./lib/authentication");
const { addKey, explainFailure } = require("./lib/http");
const { create, decision } = require("./lib/creates");
const { actionList, trigger } = require("./lib/triggers");
const { search } = require("./lib/searches");

const byKey = (operations) =>
  Object.fromEntries(operations.map((operation) => [operation.key, operation]));

module.exports = {
  version: app.version,
  platformVersion,
  // empty boxes are left out here, and a throttled call shows the service's own message
  flags: { cleanInputData: false, throwForThrottlingEarly: false },
  authentication: authentication(app),
  beforeRequest: [addKey],
  afterResponse: [explainFailure],
  creates: byKey([decision(app.decision), ...app.actions.map((one) => create(one, app.groups))]),
  triggers: byKey([actionList, ...app.triggers.map(trigger)]),
  searches: byKey([search(app.search)]),
};
