# SPDX-License-Identifier: Apache-2.0
"""DeepDream: an image climbs the gradient of what some layer sees in it.

The layer is a bank of 3x3 filters over the image, as sums of its nine shifts.
"""
import numpy as np


def activations(tf, image, filters):
    height, width = image.shape
    shifts = [tf.expand_dims(image[i:height - 2 + i, j:width - 2 + j], -1) * filters[i, j]
              for i in range(3) for j in range(3)]
    total = shifts[0]
    for shift in shifts[1:]:
        total = total + shift
    return tf.relu(total)


def run(tf):
    random = np.random.default_rng(5)
    image = tf.constant(random.uniform(-0.5, 0.5, (16, 16)).astype(np.float32))
    filters = random.standard_normal((3, 3, 4)).astype(np.float32)

    def step(image):
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = tf.reduce_sum(tf.reduce_mean(activations(tf, image, filters), (0, 1)))
        gradient = tape.gradient(loss, image)
        gradient = gradient / (tf.reduce_std(gradient) + 1e-8)
        return loss, tf.clip_by_value(image + gradient * 0.01, -1.0, 1.0)

    step = tf.jit(step)
    losses = []
    for _ in range(10):
        loss, image = step(image)
        losses.append(float(loss))
    return {"losses": losses, "row": image[7]}
