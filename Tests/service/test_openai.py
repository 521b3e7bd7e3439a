"""OpenAI's own client, unmodified, against the service."""

import base64
import io
import pathlib

import openai
import pytest
from PIL import Image

PROMPTS = {"source": "a red apple on a wooden table"}
PROMPT = "a green pear on a wooden table"
FAST = {"method": "sdedit", "seed": 7, "steps": 8, **PROMPTS}


@pytest.fixture
def apple():
    return pathlib.Path(__file__).resolve().parents[2] / "Examples" / "red-apple.png"


@pytest.fixture
def client(server):
    return openai.OpenAI(base_url=server + "v1", api_key="any", max_retries=0)


def photo(apple, mode="RGB"):
    buffer = io.BytesIO()
    Image.open(apple).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


def opened(image):
    return Image.open(io.BytesIO(base64.b64decode(image.b64_json))).convert("RGB")


def test_models(client):
    names = [model.id for model in client.models.list()]
    assert "still-life" in names
    assert client.models.retrieve("still-life").owned_by == "local"
    with pytest.raises(openai.NotFoundError, match="no model"):
        client.models.retrieve("nothing")


def test_edit(client, apple):
    answer = client.images.edit(image=photo(apple), prompt=PROMPT, extra_body=FAST)
    assert len(answer.data) == 1 and answer.output_format == "png"
    made = opened(answer.data[0])
    assert made.size == Image.open(apple).size
    again = client.images.edit(image=[photo(apple)], prompt=PROMPT, extra_body=FAST)
    assert made.tobytes() == opened(again.data[0]).tobytes()
    plain = Image.open(io.BytesIO(base64.b64decode(answer.data[0].b64_json)))
    assert not plain.text, "what leaves this way carries no texts"


def test_several_and_nested_fields(client, apple):
    answer = client.images.edit(
        image=photo(apple), prompt=PROMPT, n=2, size="32x32", output_format="jpeg", output_compression=80,
        extra_body={"seed": 7, **PROMPTS, "pentimento": {"method": "sdedit", "steps": 6, "options": {}}})
    assert len(answer.data) == 2
    first, second = [opened(one) for one in answer.data]
    assert first.size == (32, 32) and first.tobytes() != second.tobytes()
    assert answer.size == "32x32"


def test_mask(client, apple):
    size = Image.open(apple).size
    mask = Image.new("RGBA", size, (255, 255, 255, 255))
    mask.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
    buffer = io.BytesIO()
    mask.save(buffer, "PNG")
    answer = client.images.edit(image=photo(apple), mask=buffer.getvalue(), prompt=PROMPT, extra_body=FAST)
    before, after = Image.open(apple).convert("RGB"), opened(answer.data[0])
    right = (size[0] // 2 + 4, 0, *size)
    assert before.crop(right).tobytes() == after.crop(right).tobytes(), "opaque stays"
    left = (0, 0, size[0] // 2 - 4, size[1])
    assert before.crop(left).tobytes() != after.crop(left).tobytes(), "transparent changes"
    opaque = io.BytesIO()
    Image.new("RGB", size).save(opaque, "PNG")
    with pytest.raises(openai.BadRequestError, match="no transparency"):
        client.images.edit(image=photo(apple), mask=opaque.getvalue(), prompt=PROMPT, extra_body=FAST)


def test_address(client, apple, server):
    answer = client.images.edit(image=photo(apple), prompt=PROMPT, response_format="url", extra_body=FAST)
    assert answer.data[0].url.startswith(server + "api/v1/results/r_")


def test_stream(client, apple):
    events = list(client.images.edit(image=photo(apple), prompt=PROMPT, stream=True, extra_body=FAST))
    assert events[-1].type == "image_edit.completed"
    assert opened(events[-1]).size == Image.open(apple).size


def test_partial_images(client, apple):
    events = list(client.images.edit(
        image=photo(apple), prompt=PROMPT, stream=True, partial_images=2,
        extra_body={**FAST, "steps": 200, "strength": 1}))
    partial = [event for event in events if event.type == "image_edit.partial_image"]
    assert [event.partial_image_index for event in partial] == list(range(len(partial))) and 1 <= len(partial) <= 2
    assert opened(partial[0]).size == (64, 64) and events[-1].type == "image_edit.completed"


def test_generate(client):
    answer = client.images.generate(prompt=PROMPT, extra_body={"seed": 3, "steps": 8})
    assert opened(answer.data[0]).size == (64, 64)


def test_refusals(client, apple):
    with pytest.raises(openai.NotFoundError, match="no model"):
        client.images.edit(image=photo(apple), prompt=PROMPT, model="nothing", extra_body=FAST)
    with pytest.raises(openai.BadRequestError, match="one image"):
        client.images.edit(image=[photo(apple), photo(apple)], prompt=PROMPT)
    with pytest.raises(openai.UnprocessableEntityError, match="no method"):
        client.images.edit(image=photo(apple), prompt=PROMPT, extra_body={"method": "sdeddit"})
    answer = client.images.edit(image=photo(apple), prompt=PROMPT, model="gpt-image-1", extra_body=FAST)
    assert answer.data


def test_ignored_fields_are_told(client, apple):
    raw = client.images.with_raw_response.edit(
        image=photo(apple), prompt=PROMPT, quality="high", background="opaque", extra_body=FAST)
    assert raw.headers["x-pentimento-ignored"] == "quality, background"
