"""The resource that all Retool apps share: the service's address and key, as a body for Retool's
API and as Terraform."""

from __future__ import annotations

import json

from connector.json_types import Json
from connector.publish.openapi import DEFAULT_URL

RESOURCE_NAME = "Formcall"
KEY_PLACEHOLDER = "PUT-THE-FORMCALL-KEY-HERE"


def build_resource(public_url: str) -> dict[str, str]:
    """The files by their paths below ``resource/``. Neither contains a key; it is inserted where
    the files are used."""
    base_url = f"{(public_url or DEFAULT_URL).rstrip('/')}/"
    return {"restapi.json": _body(base_url), "main.tf": _terraform(base_url)}


def _body(base_url: str) -> str:
    bearer = {"authentication_type": "bearer", "bearer_token": KEY_PLACEHOLDER}
    body: Json = {
        "type": "restapi",
        "display_name": RESOURCE_NAME,
        "options": {"base_url": base_url, "authentication_options": bearer},
    }
    return json.dumps(body, indent=2) + "\n"


def _terraform(base_url: str) -> str:
    return f"""\
# Retool's address and token come from RETOOL_HOST, RETOOL_SCHEME and RETOOL_ACCESS_TOKEN.
# The API key comes from TF_VAR_formcall_key.
terraform {{
  required_providers {{
    retool = {{
      source = "tryretool/retool"
    }}
  }}
}}

provider "retool" {{}}

variable "formcall_key" {{
  description = "A key of Formcall, made with `formcall key create`."
  type        = string
  sensitive   = true
}}

resource "retool_resource" "formcall" {{
  display_name = {json.dumps(RESOURCE_NAME)}
  type         = "restapi"

  options = jsonencode({{
    base_url = {_hcl(base_url)}
    authentication_options = {{
      authentication_type = "bearer"
      bearer_token        = var.formcall_key
    }}
  }})

  lifecycle {{
    # Retool does not return the options
    ignore_changes = [options]
  }}
}}

# what `formcall build retool --resource-uuid` takes
output "resource_uuid" {{
  value = retool_resource.formcall.id
}}
"""


def _hcl(text: str) -> str:
    """A text as a Terraform string, with its template sequences escaped."""
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")
