import { Retool } from '@tryretool/custom-component-support'
import { type Field } from './shared/types'

export function useOptions(): Field[] {
  return [
    {
      name: "effort",
      box: "select",
      label: "Effort",
      help: "How long the model may think. More effort costs more and takes longer.",
      placeholder: "",
      required: false,
      choices: [
        { key: "unset", value: "", label: "Not set" },
        { key: "low", value: "low", label: "Low" },
        { key: "medium", value: "medium", label: "Medium" },
        { key: "high", value: "high", label: "High" },
      ],
      state: Retool.useStateEnumeration({
        name: "effort",
        initialValue: "unset",
        enumDefinition: ["unset", "low", "medium", "high"],
        enumLabels: { "unset": "Not set", "low": "Low", "medium": "Medium", "high": "High" },
        inspector: "select",
        label: "Effort",
        description: "How long the model may think. More effort costs more and takes longer.",
      })
    },
    {
      name: "language",
      box: "text",
      label: "Language",
      help: "The language to answer in, such as English or Deutsch. Empty: the language of the text.",
      placeholder: "",
      required: false,
      max: 60,
      choices: [],
      state: Retool.useStateString({
        name: "language",
        initialValue: "",
        inspector: "text",
        label: "Language",
        description: "The language to answer in, such as English or Deutsch. Empty: the language of the text.",
      })
    },
    {
      name: "instructions",
      box: "longtext",
      label: "Extra instructions",
      help: "Anything the model should also know or do, in your own words.",
      placeholder: "",
      required: false,
      max: 20000,
      choices: [],
      state: Retool.useStateString({
        name: "instructions",
        initialValue: "",
        inspector: "text",
        label: "Extra instructions",
        description: "Anything the model should also know or do, in your own words.",
      })
    },
    {
      name: "quality",
      box: "select",
      label: "Quality",
      help: "Which model answers. Automatic asks the stronger one only where the first is not sure or not valid.",
      placeholder: "",
      required: false,
      choices: [
        { key: "unset", value: "", label: "Not set" },
        { key: "standard", value: "standard", label: "Standard" },
        { key: "strong", value: "strong", label: "Strong" },
        { key: "auto", value: "auto", label: "Automatic" },
      ],
      state: Retool.useStateEnumeration({
        name: "quality",
        initialValue: "unset",
        enumDefinition: ["unset", "standard", "strong", "auto"],
        enumLabels: { "unset": "Not set", "standard": "Standard", "strong": "Strong", "auto": "Automatic" },
        inspector: "select",
        label: "Quality",
        description: "Which model answers. Automatic asks the stronger one only where the first is not sure or not valid.",
      })
    },
    {
      name: "max_cost_usd",
      box: "number",
      label: "Max cost (US dollars)",
      help: "The most this run may cost, such as 0.05. It is refused, or ends, before it costs more.",
      placeholder: "",
      required: false,
      min: 0,
      max: 1000000,
      choices: [],
      state: Retool.useStateString({
        name: "maxCostUsd",
        initialValue: "",
        inspector: "text",
        label: "Max cost (US dollars)",
        description: "The most this run may cost, such as 0.05. It is refused, or ends, before it costs more.",
      })
    },
    {
      name: "dry_run",
      box: "switch",
      label: "Dry run",
      help: "Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost.",
      placeholder: "",
      required: false,
      choices: [],
      state: Retool.useStateBoolean({
        name: "dryRun",
        initialValue: false,
        inspector: "checkbox",
        label: "Dry run",
        description: "Ask nobody and spend nothing: show the request that would be sent, its tokens and the most it can cost.",
      })
    },
    {
      name: "idempotency_key",
      box: "text",
      label: "Idempotency key",
      help: "Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours.",
      placeholder: "",
      required: false,
      max: 255,
      choices: [],
      state: Retool.useStateString({
        name: "idempotencyKey",
        initialValue: "",
        inspector: "text",
        label: "Idempotency key",
        description: "Any text that names this step once, such as an order's number. The same key gives the same run for 24 hours.",
      })
    },
    {
      name: "wait_seconds",
      box: "number",
      label: "Wait (seconds)",
      help: "How long to wait for the answer: 25 if empty, 0 not at all. The run then goes on, and you have its id.",
      placeholder: "",
      required: false,
      min: 0,
      max: 100,
      choices: [],
      state: Retool.useStateString({
        name: "waitSeconds",
        initialValue: "",
        inspector: "text",
        label: "Wait (seconds)",
        description: "How long to wait for the answer: 25 if empty, 0 not at all. The run then goes on, and you have its id.",
      })
    },
    {
      name: "callback_url",
      box: "text",
      label: "Callback URL",
      help: "An https address that the answer is also sent to once the run has ended.",
      placeholder: "",
      required: false,
      max: 2000,
      choices: [],
      state: Retool.useStateString({
        name: "callbackUrl",
        initialValue: "",
        inspector: "text",
        label: "Callback URL",
        description: "An https address that the answer is also sent to once the run has ended.",
      })
    },
    {
      name: "cache",
      box: "select",
      label: "Cache",
      help: "How long the same request may be answered from before, free. Off unless you choose it.",
      placeholder: "",
      required: false,
      choices: [
        { key: "unset", value: "", label: "Not set" },
        { key: "off", value: "off", label: "Off" },
        { key: "1h", value: "1h", label: "1 hour" },
        { key: "1d", value: "1d", label: "1 day" },
        { key: "7d", value: "7d", label: "7 days" },
      ],
      state: Retool.useStateEnumeration({
        name: "cache",
        initialValue: "unset",
        enumDefinition: ["unset", "off", "1h", "1d", "7d"],
        enumLabels: { "unset": "Not set", "off": "Off", "1h": "1 hour", "1d": "1 day", "7d": "7 days" },
        inspector: "select",
        label: "Cache",
        description: "How long the same request may be answered from before, free. Off unless you choose it.",
      })
    },
    {
      name: "tag",
      box: "text",
      label: "Tag",
      help: "A word of yours to find this run by, such as a customer or a campaign.",
      placeholder: "",
      required: false,
      max: 100,
      choices: [],
      state: Retool.useStateString({
        name: "tag",
        initialValue: "",
        inspector: "text",
        label: "Tag",
        description: "A word of yours to find this run by, such as a customer or a campaign.",
      })
    },
  ]
}
