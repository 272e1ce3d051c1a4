import { type Outputs } from './shared/types'

export const OUTPUTS: Outputs = {
  "answer_with_tools": [
    { name: "answer", label: "Answer" },
    { name: "value", label: "Value" },
    { name: "found", label: "Found" },
    { name: "quotes", label: "Quotes" },
    { name: "tools_used", label: "Tools used" },
    { name: "steps", label: "Steps" },
    { name: "trace", label: "Trace" },
    { name: "evidence", label: "Evidence" },
  ],
  "classify": [
    { name: "category", label: "Category" },
    { name: "categories", label: "Categories" },
    { name: "matched", label: "Matched" },
    { name: "confidence", label: "Confidence" },
    { name: "confidence_kind", label: "Confidence kind" },
    { name: "reason", label: "Reason" },
    { name: "runner_up", label: "Runner up" },
  ],
  "extract": [
    { name: "data", label: "Data" },
    { name: "rows", label: "Rows" },
    { name: "not_found", label: "Not found" },
    { name: "evidence", label: "Evidence" },
  ],
  "summarize": [
    { name: "summary", label: "Summary" },
    { name: "bullets", label: "Bullets" },
    { name: "word_count", label: "Word count" },
  ],
}
