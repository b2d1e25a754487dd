from .inheritance import *  # noqa: F403
from .keys import *  # noqa: F403
from .types import *  # noqa: F403
