# SPDX-License-Identifier: Apache-2.0
"""A variational autoencoder of the digits: log_normal_pdf, the ELBO, and steps of training.

The guide's encoder and decoder convolve; here each is a layer of sums of products.
"""
import pathlib

import numpy as np

DIGITS = pathlib.Path(__file__).resolve().parents[3] / "test" / "data" / "digits.npy"


def log_normal_pdf(tf, sample, mean, logvar, raxis=1):
    log2pi = float(np.log(2.0 * np.pi))
    return tf.reduce_sum(
        -0.5 * ((sample - mean) ** 2.0 * tf.exp(-logvar) + logvar + log2pi), axis=raxis)


def cross_entropy(tf, logits, labels):
    """TensorFlow's sigmoid_cross_entropy_with_logits."""
    return tf.softplus(logits) - logits * labels


def dense(tf, x, w):
    return tf.reduce_sum(tf.expand_dims(x, -1) * w, 1)


def compute_loss(tf, parameters, x, eps):
    encode, decode = parameters
    hidden = dense(tf, x, encode)
    mean, logvar = hidden[:, :2], hidden[:, 2:]
    z = eps * tf.exp(logvar * 0.5) + mean
    x_logit = dense(tf, z, decode)
    logpx_z = -tf.reduce_sum(cross_entropy(tf, x_logit, x), axis=1)
    logpz = log_normal_pdf(tf, z, 0.0, 0.0)
    logqz_x = log_normal_pdf(tf, z, mean, logvar)
    return -tf.reduce_mean(logpx_z + logpz - logqz_x)


def run(tf):
    random = np.random.default_rng(3)
    x = (np.load(DIGITS)[:100].reshape(100, 64) / 16).astype(np.float32)
    parameters = [tf.constant(0.1 * random.standard_normal((64, 4)).astype(np.float32)),
                  tf.constant(0.1 * random.standard_normal((2, 64)).astype(np.float32))]

    def step(encode, decode, x, eps):
        with tf.GradientTape() as tape:
            tape.watch([encode, decode])
            loss = compute_loss(tf, [encode, decode], x, eps)
        gradients = tape.gradient(loss, [encode, decode])
        new = [p - 0.04 * g for p, g in zip([encode, decode], gradients)]
        return loss, gradients, new

    step = tf.jit(step)
    losses = []
    for _ in range(40):
        eps = random.standard_normal((100, 2)).astype(np.float32)
        loss, gradients, parameters = step(*parameters, x, eps)
        if not losses:
            first = gradients
        losses.append(float(loss))
    return {"losses": losses, "by encoder": tf.reduce_sum(first[0], 1),
            "by decoder": tf.reduce_sum(first[1], 0)}
