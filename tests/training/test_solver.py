"""The solver against scikit-learn, which solves the same problems another way."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import LinearSVC

from training.ratios import feature_scales, log_count_ratios
from training.solver import Design, Loss, logistic, solve, squared, squared_hinge

ROWS, FEATURES, C = 300, 500, 0.8
CLOSE = 5e-3
"""Single precision, and both stop short of the very end."""


@pytest.fixture(scope="module")
def matrix() -> sparse.csr_array:
    return sparse.csr_array(sparse.random_array((ROWS, FEATURES), density=0.05, rng=0))


@pytest.fixture(scope="module")
def targets(matrix: sparse.csr_array) -> np.ndarray:
    generator = np.random.default_rng(0)
    scores = matrix @ generator.normal(size=(FEATURES, 3)) + generator.normal(size=(ROWS, 3))
    return np.asarray(scores > [0.0, 1.0, 4.0])


def solved(
    matrix: sparse.csr_array, targets: np.ndarray, loss: Loss, costs: np.ndarray | None = None
) -> np.ndarray:
    signs = np.where(targets, 1, -1).astype(np.float32)
    scales = np.ones((FEATURES, targets.shape[1]), np.float32)
    costs = np.full(signs.shape, C) if costs is None else costs
    weights, intercepts = solve(
        Design.of(matrix), signs, scales, costs.astype(np.float32), loss, 1e-5
    )
    return np.asarray(matrix @ weights + intercepts)


def with_ones(matrix: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array(sparse.hstack([matrix, sparse.csr_array(np.ones((ROWS, 1)))]))


@pytest.mark.parametrize("balanced", [False, True])
def test_the_squared_hinge_loss_is_linear_svc(
    matrix: sparse.csr_array, targets: np.ndarray, balanced: bool
) -> None:
    costs = np.full(targets.shape, C)
    if balanced:
        share = targets.mean(axis=0)
        costs *= np.where(targets, 0.5 / share, 0.5 / (1 - share))
    margins = solved(matrix, targets, squared_hinge, costs)
    for label in range(3):
        theirs = LinearSVC(C=C, tol=1e-8, class_weight="balanced" if balanced else None)
        theirs.fit(matrix, targets[:, label])
        np.testing.assert_allclose(margins[:, label], theirs.decision_function(matrix), atol=CLOSE)


def test_the_logistic_loss_is_logistic_regression(
    matrix: sparse.csr_array, targets: np.ndarray
) -> None:
    """liblinear's, whose intercept is held back like ours: a feature that is always 1."""
    wider = with_ones(matrix)
    margins = solved(matrix, targets, logistic)
    for label in range(3):
        theirs = LogisticRegression(C=C, tol=1e-8, fit_intercept=False, max_iter=1000)
        theirs.fit(wider, targets[:, label])
        np.testing.assert_allclose(margins[:, label], theirs.decision_function(wider), atol=CLOSE)


def test_the_squared_loss_is_ridge(matrix: sparse.csr_array, targets: np.ndarray) -> None:
    """Ours has ½‖w‖² + C Σ, theirs α‖w‖² + Σ: α is 1 / (2 C)."""
    wider = with_ones(matrix)
    theirs = Ridge(alpha=1 / (2 * C), fit_intercept=False, solver="lsqr", tol=1e-10)
    theirs.fit(wider, np.where(targets, 1.0, -1.0))
    np.testing.assert_allclose(solved(matrix, targets, squared), theirs.predict(wider), atol=CLOSE)


def test_labels_do_not_disturb_each_other(matrix: sparse.csr_array, targets: np.ndarray) -> None:
    together = solved(matrix, targets, squared_hinge)
    for label in range(3):
        alone = solved(matrix, targets[:, [label]], squared_hinge)
        np.testing.assert_allclose(together[:, [label]], alone, atol=CLOSE)


def test_scaling_features_is_scaling_the_matrix(
    matrix: sparse.csr_array, targets: np.ndarray
) -> None:
    scales = feature_scales(matrix, targets, 0.5)
    signs = np.where(targets, 1, -1).astype(np.float32)
    costs = np.full(signs.shape, C, np.float32)
    weights, intercepts = solve(Design.of(matrix), signs, scales, costs, squared_hinge, 1e-5)
    for label in range(3):
        scaled = sparse.csr_array(matrix * scales[:, label])
        theirs = LinearSVC(C=C, tol=1e-8).fit(scaled, targets[:, label])
        np.testing.assert_allclose(
            matrix @ weights[:, label] + intercepts[label],
            theirs.decision_function(scaled),
            atol=CLOSE,
        )


def test_log_count_ratios_are_what_they_say() -> None:
    """Feature 0 stands in 3 of 3 rows with the label and 0 of 2 without: ln((4/5) / (1/4))."""
    matrix = sparse.csr_array([[1.0, 2.0], [0.5, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    targets = np.array([[True], [True], [True], [False], [False]])
    ratios = log_count_ratios(matrix, targets)
    assert ratios[:, 0].tolist() == pytest.approx(
        [np.log((4 / 5) / (1 / 4)), np.log((2 / 5) / (2 / 4))]
    )


def test_rows_are_of_length_one_on_the_mean_after_scaling(
    matrix: sparse.csr_array, targets: np.ndarray
) -> None:
    for floor in (None, 0.0, 0.7):
        scales = feature_scales(matrix, targets, floor)
        for label in range(3):
            scaled = matrix * scales[:, label]
            assert (scaled * scaled).sum() / ROWS == pytest.approx(1.0, rel=1e-5)
