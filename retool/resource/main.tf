# Retool's address and token come from RETOOL_HOST, RETOOL_SCHEME and RETOOL_ACCESS_TOKEN.
# The API key comes from TF_VAR_formcall_key.
terraform {
  required_providers {
    retool = {
      source = "tryretool/retool"
    }
  }
}

provider "retool" {}

variable "formcall_key" {
  description = "A key of Formcall, made with `formcall key create`."
  type        = string
  sensitive   = true
}

resource "retool_resource" "formcall" {
  display_name = "Formcall"
  type         = "restapi"

  options = jsonencode({
    base_url = "http://127.0.0.1:8080/"
    authentication_options = {
      authentication_type = "bearer"
      bearer_token        = var.formcall_key
    }
  })

  lifecycle {
    # Retool does not return the options
    ignore_changes = [options]
  }
}

# what `formcall build retool --resource-uuid` takes
output "resource_uuid" {
  value = retool_resource.formcall.id
}
