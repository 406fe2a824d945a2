# SPDX-License-Identifier: Apache-2.0
"""An ONNX model, y = tanh(x) of float32 [3, 4], as bytes: onnxruntime comes without onnx."""


def field(number, wire, payload):
    return bytes([number << 3 | wire]) + payload


def text(number, value):
    return message(number, value.encode())


def message(number, value):
    assert len(value) < 128
    return field(number, 2, bytes([len(value)]) + value)


def number_field(number, value):
    return field(number, 0, bytes([value]))


def value_info(name):
    shape = b"".join(message(1, number_field(1, extent)) for extent in (3, 4))
    return text(1, name) + message(2, message(1, number_field(1, 1) + message(2, shape)))


NODE = text(1, "x") + text(2, "y") + text(4, "Tanh")
GRAPH = message(1, NODE) + text(2, "g") + message(11, value_info("x"))
GRAPH += message(12, value_info("y"))
MODEL = number_field(1, 8) + message(7, GRAPH) + message(8, number_field(2, 17))
