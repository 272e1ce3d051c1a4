// A Zapier app for one Formcall service. What its steps are is in app.json, which is written from the actions; the code here
// is the same for all of them.
const { version: platformVersion } = require('zapier-platform-core');

const app = require('./app.json');
const authentication = require('./lib/authentication');
const { addKey, explainFailure } = require('./lib/http');
const { create } = require('./lib/creates');
const { actionList, trigger } = require('./lib/triggers');
const { search } = require('./lib/searches');

const byKey = (operations) => Object.fromEntries(operations.map((operation) => [operation.key, operation]));

module.exports = {
  version: app.version,
  platformVersion,
  // an empty box is left out by us, and a throttled call is told in the service's own words
  flags: { cleanInputData: false, throwForThrottlingEarly: false },
  authentication: authentication(app),
  beforeRequest: [addKey],
  afterResponse: [explainFailure],
  creates: byKey(app.actions.map((action) => create(action, app.groups))),
  triggers: byKey([actionList, ...app.triggers.map(trigger)]),
  searches: byKey([search(app.search)]),
};
