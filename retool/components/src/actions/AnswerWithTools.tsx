import { type FC } from 'react'
import { Retool } from '@tryretool/custom-component-support'
import { useExchange } from '../exchange'
import { useOptions } from '../options'
import { OUTPUTS } from '../outputs'
import { ActionForm } from '../shared/ActionForm'
import { type Field } from '../shared/types'

export const AnswerWithTools: FC = () => {
  Retool.useComponentSettings({ defaultWidth: 6, defaultHeight: 62 })
  const fields: Field[] = [
    {
      name: "question",
      box: "longtext",
      label: "Question",
      help: "",
      placeholder: "",
      required: true,
      max: 20000,
      choices: [],
      state: Retool.useStateString({
        name: "question",
        initialValue: "",
        inspector: "text",
        label: "Question",
      })
    },
    {
      name: "context",
      box: "longtext",
      label: "Context",
      help: "Text that the answer may be based on.",
      placeholder: "",
      required: false,
      max: 2000000,
      choices: [],
      state: Retool.useStateString({
        name: "context",
        initialValue: "",
        inspector: "text",
        label: "Context",
        description: "Text that the answer may be based on.",
      })
    },
    {
      name: "tools",
      box: "checks",
      label: "Tools",
      help: "What may be used. Nothing is allowed unless you name it here.",
      placeholder: "",
      required: false,
      choices: [
        { key: "calculate", value: "calculate", label: "Calculator" },
        { key: "dates", value: "dates", label: "Dates" },
        { key: "searchContext", value: "search_context", label: "Search the context" },
        { key: "python", value: "python", label: "Python" },
        { key: "fetchPage", value: "fetch_page", label: "Read a web page" },
        { key: "webSearch", value: "web_search", label: "Search the web" },
      ],
      state: Retool.useStateArray({
        name: "tools",
        initialValue: [],
        inspector: "text",
        label: "Tools",
        description: "What may be used. Nothing is allowed unless you name it here.",
      })
    },
    {
      name: "approve",
      box: "select",
      label: "Ask before",
      help: "Which calls wait until a person has said yes. The run then says \"needs_review\", and goes on once you approve or refuse it.",
      placeholder: "",
      required: false,
      choices: [
        { key: "writes", value: "writes", label: "What changes something" },
        { key: "all", value: "all", label: "Every call" },
        { key: "never", value: "never", label: "Nothing" },
      ],
      state: Retool.useStateEnumeration({
        name: "approve",
        initialValue: "writes",
        enumDefinition: ["writes", "all", "never"],
        enumLabels: { "writes": "What changes something", "all": "Every call", "never": "Nothing" },
        inspector: "select",
        label: "Ask before",
        description: 'Which calls wait until a person has said yes. The run then says "needs_review", and goes on once you approve or refuse it.',
      })
    },
    {
      name: "require_tool",
      box: "switch",
      label: "Require a tool",
      help: "Accept only an answer for which a tool was really used.",
      placeholder: "",
      required: false,
      choices: [],
      state: Retool.useStateBoolean({
        name: "requireTool",
        initialValue: false,
        inspector: "checkbox",
        label: "Require a tool",
        description: "Accept only an answer for which a tool was really used.",
      })
    },
    {
      name: "max_steps",
      box: "number",
      label: "Max steps",
      help: "How many rounds of tool calls there may be.",
      placeholder: "",
      required: false,
      min: 1,
      max: 20,
      choices: [],
      state: Retool.useStateNumber({
        name: "maxSteps",
        initialValue: 8,
        inspector: "text",
        label: "Max steps",
        description: "How many rounds of tool calls there may be.",
      })
    },
  ]
  const [showOptions] = Retool.useStateBoolean({
    name: "showAdvanced",
    initialValue: false,
    inspector: "checkbox",
    label: "Show advanced options",
    description: "Offer the options of a run, too.",
  })
  const exchange = useExchange()
  const options: Field[] = [...useOptions(),
    {
      name: "previous_run",
      box: "text",
      label: "Previous run",
      help: "The id of an earlier run of this action, to get a new version of its text. Fields left empty stay as they were.",
      placeholder: "",
      required: false,
      max: 100,
      choices: [],
      state: Retool.useStateString({
        name: "previousRun",
        initialValue: "",
        inspector: "text",
        label: "Previous run",
        description: "The id of an earlier run of this action, to get a new version of its text. Fields left empty stay as they were.",
      })
    },
    {
      name: "feedback",
      box: "longtext",
      label: "Feedback",
      help: "What the new version should do otherwise, such as: shorter, and name the date.",
      placeholder: "",
      required: false,
      max: 20000,
      choices: [],
      state: Retool.useStateString({
        name: "feedback",
        initialValue: "",
        inspector: "text",
        label: "Feedback",
        description: "What the new version should do otherwise, such as: shorter, and name the date.",
      })
    },
  ]
  const run = Retool.useEventCallback({ name: "run" })
  return (
    <ActionForm
      title={"Answer with tools"}
      summary={"Answers a question with the tools you allow, and shows every call it made."}
      fields={fields}
      options={options}
      outputs={OUTPUTS["answer_with_tools"] ?? []}
      showOptions={showOptions}
      exchange={exchange}
      run={run}
    />
  )
}
