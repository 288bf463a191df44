"""A request as the played server got it."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A request as it came in. headers: by lower-case name; body: its JSON; image: what was in it."""

    at: float
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def image(self) -> bytes:
        if "contents" in self.body:
            parts = [part for content in self.body["contents"] for part in content["parts"]]
            return base64.urlsafe_b64decode(next(part["inlineData"]["data"] for part in parts if "inlineData" in part))
        parts = self.body["messages"][-1]["content"]
        url = next(part["image_url"]["url"] for part in parts if part["type"] == "image_url")
        return base64.b64decode(url.partition(";base64,")[2])

    @property
    def request(self) -> str:
        """The text beside the image."""
        if "contents" in self.body:
            return str(self.body["contents"][0]["parts"][1]["text"])
        return str(self.body["messages"][-1]["content"][-2]["text"])

    @property
    def is_second(self) -> bool:
        return self.request.startswith("Check this caption: ")

    @property
    def size(self) -> tuple[int, int]:
        from PIL import Image

        with Image.open(io.BytesIO(self.image)) as image:
            return image.size


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
