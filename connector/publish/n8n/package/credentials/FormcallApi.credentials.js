// The connection: where the service is, and a key of its operator's.
const BASE_URL = '={{$credentials.address.trim().replace(/\\/+$/, "")}}';

class FormcallApi {
  constructor() {
    this.name = "formcallApi";
    this.displayName = "Formcall API";
    this.icon = "file:formcall.svg";
    this.properties = [
      {
        displayName: "Service address",
        name: "address",
        type: "string",
        default: "http://127.0.0.1:8080",
        required: true,
        description: "Where your Formcall service is reached from n8n",
      },
      {
        displayName: "API key",
        name: "apiKey",
        type: "string",
        typeOptions: { password: true },
        default: "",
        required: true,
        description:
          "Begins with fc_. Whoever runs the service makes one with formcall key create n8n.",
      },
    ];
    this.authenticate = {
      type: "generic",
      properties: { headers: { Authorization: "=Bearer {{$credentials.apiKey.trim()}}" } },
    };
    this.test = { request: { baseURL: BASE_URL, url: "/v1/actions" } };
  }
}

module.exports = { FormcallApi };
