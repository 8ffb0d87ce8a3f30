"""moto's server on loopback, at the port of the first argument. Two things are unlike AWS and would stop a deployment."""
import sys

import moto.cloudformation.models as cloudformation
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.server import main

# Validation fails with any remark of cfn-lint, also with a warning.
cloudformation.validate_template_cfn_lint = lambda template: []

# A root volume needs a size, and does not take that of the image.
create_volume = EBSBackend.create_volume
EBSBackend.create_volume = lambda self, size, *rest, **named: create_volume(self, size or 8, *rest, **named)

main(["-H", "127.0.0.1", "-p", sys.argv[1]])
