"""Writes `onnx/model_int8.onnx` beside the float32 file: weights of the products in 8 bits, activations by their range in each run.

Every product of a weight gets one scale a column; the embedding table and the head, which is the same table, stay float32.
"""

import os
import sys
import tempfile

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic


def quantize(folder):
    source, target = (os.path.join(folder, "onnx", name) for name in ("model.onnx", "model_int8.onnx"))
    proto = onnx.load(source)
    # Attention multiplies activations with activations; only products with stored weights are quantized.
    stored = {tensor.name for tensor in proto.graph.initializer}
    nodes = [node.name for node in proto.graph.node if node.op_type == "MatMul" and node.input[1] in stored and "rotate_half" not in node.name]
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "model.onnx")
        onnx.save(proto, path)
        quantize_dynamic(path, target, nodes_to_quantize=nodes, per_channel=True, weight_type=QuantType.QInt8)
    return os.path.getsize(target)


if __name__ == "__main__":
    print(f"{quantize(sys.argv[1] if len(sys.argv) > 1 else '../models/micro-base') / 1e6:.2f} MB")
