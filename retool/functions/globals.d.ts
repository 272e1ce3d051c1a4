// The resource called formcall, as Retool gives it to a function: its address and its key are in the resource.
interface FormcallRequest {
  method: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  body?: unknown
}

declare const formcall: { rawRequest(request: FormcallRequest): Promise<{ data: unknown }> }
