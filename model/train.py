"""The training loop: make a batch, take a step, and now and then evaluate and save.

Everything that happens at a step follows from the weights, the optimizer's memory, torch's random
state and the step's number; a checkpoint holds exactly these four. So a run that was stopped and
resumed has, bit for bit, the weights of one that was not (on one CPU, with as many threads).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from bpe.errors import TrainingError
from model.batches import gather, to_device, train_starts
from model.checkpoint import Checkpoint, TrainingState, save_checkpoint
from model.config import ModelConfig, TrainConfig, describe_differences
from model.dataset import TokenDataset
from model.evaluate import Evaluation, evaluate
from model.gpt import GPT
from model.interrupt import deferred_interrupt
from model.loss import cross_entropy
from model.metrics import MetricsLog
from model.optim import current_learning_rate, learning_rate, make_optimizer, set_learning_rate
from model.progress import Progress
from model.run_directory import RunDirectory
from model.vocabulary import byte_lengths, tokenizer_files

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer


class StepResult(NamedTuple):
    """What a step did: the loss before it, the norm of its gradient, its learning rate."""

    loss: float
    grad_norm: float
    lr: float


class Trainer:
    """A model in training.

    Attributes:
        model: The model.
        config: How it is trained.
        step: Steps taken so far.
        last_evaluation: What the last evaluation of this process found.
    """

    def __init__(
        self,
        model: GPT,
        tokenizer: Tokenizer,
        data: TokenDataset,
        config: TrainConfig,
        *,
        step: int = 0,
        run: RunDirectory | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Use `Trainer.start` or `Trainer.resume`."""
        self.model = model
        self.config = config
        self.step = step
        self.last_evaluation: Evaluation | None = None
        self.progress = progress or Progress(step, config.steps)
        self._tokenizer = tokenizer
        self._tokenizer_files: Mapping[str, bytes] = tokenizer_files(tokenizer) if run else {}
        self._byte_lengths_V = torch.from_numpy(byte_lengths(tokenizer))
        self._data = data
        self._run = run
        self._log = MetricsLog(run.path if run else None)
        self._optimizer = make_optimizer(model, config)
        self._saved_step: int | None = None

    @classmethod
    def start(
        cls,
        model_config: ModelConfig,
        tokenizer: Tokenizer,
        data: TokenDataset,
        config: TrainConfig,
        *,
        device: torch.device | str = "cpu",
        run: RunDirectory | None = None,
        progress: Progress | None = None,
    ) -> Trainer:
        """Begin with fresh weights, drawn from the seed on the CPU whatever the device."""
        torch.manual_seed(config.seed)
        model = GPT(model_config).to(device)
        return cls(model, tokenizer, data, config, run=run, progress=progress)

    @classmethod
    def resume(
        cls,
        checkpoint: Checkpoint,
        data: TokenDataset,
        config: TrainConfig,
        *,
        run: RunDirectory | None = None,
        progress: Progress | None = None,
    ) -> Trainer:
        """Go on from a checkpoint, exactly, unless `config` or the data changed: then say so."""
        state = checkpoint.state
        trainer = cls(
            checkpoint.model,
            checkpoint.tokenizer,
            data,
            config,
            step=state.step,
            run=run,
            progress=progress,
        )
        checkpoint.restore_optimizer(trainer._optimizer)
        checkpoint.restore_random_state()
        if changed := describe_differences(state.train, config):
            trainer.progress.note(f"going on with other settings: {changed}")
        if state.data.get("sha256") != data.sha256:
            trainer.progress.note(
                f"going on with other data: {state.data.get('source')} -> {data.source}"
            )
        if run and run.path == checkpoint.path.parent:
            trainer._saved_step = state.step
        return trainer

    def train(self) -> None:
        """Train up to `config.steps`, evaluating and saving on the way and at the end.

        Raises:
            TrainingError: The loss or the gradient is no longer finite; nothing was saved since.
            KeyboardInterrupt: Ctrl-C; the step was finished and saved first.
        """
        self._log.write("start", step=self.step, **self._settings())
        if self.step == 0:
            self.evaluate()
        with deferred_interrupt() as interrupt:
            while self.step < self.config.steps and not interrupt.requested:
                self._train_and_log()
                if self._is_due(self.config.eval_every):
                    self.evaluate()
                if self._is_due(self.config.save_every):
                    self.save()
            if interrupt.requested:
                self.save()
        if interrupt.requested:
            raise KeyboardInterrupt

    def train_step(self) -> StepResult:
        """Take one step: forward, backward, clip, update."""
        self.model.train()
        set_learning_rate(self._optimizer, learning_rate(self.step, self.config))
        inputs_BT, targets_BT = self._batch()
        with torch.autocast(inputs_BT.device.type, torch.bfloat16, enabled=inputs_BT.is_cuda):
            loss = cross_entropy(self.model(inputs_BT), targets_BT)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.config.grad_clip)
        result = StepResult(loss.item(), norm.item(), current_learning_rate(self._optimizer))
        if not (math.isfinite(result.loss) and math.isfinite(result.grad_norm)):
            self._fail(result)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return result

    def evaluate(self) -> Evaluation:
        """Evaluate on the validation part, and log it."""
        found = evaluate(
            self.model,
            self._data.val_tokens,
            self._byte_lengths_V,
            batch_size=self.config.batch_size,
            max_batches=self.config.eval_batches,
        )
        self.last_evaluation = found
        self._log.write("evaluate", step=self.step, **asdict(found))
        self.progress.note(
            f"step {self.step}: validation loss {found.loss:.4f}, "
            f"{found.bits_per_byte:.4f} bits per byte"
        )
        return found

    def save(self) -> Path | None:
        """Save a checkpoint, unless there is no run directory or this step is saved already."""
        if self._run is None or self._saved_step == self.step:
            return None
        state = TrainingState(
            self.step,
            self.model.config,
            self.config,
            self._tokenizer.content_hash,
            self._data.describe(),
        )
        path = save_checkpoint(self._run, state, self.model, self._optimizer, self._tokenizer_files)
        self._saved_step = self.step
        self._log.write("save", step=self.step, path=path.name)
        return path

    def _train_and_log(self) -> None:
        result = self.train_step()
        tokens_per_step = self.config.batch_size * self.model.config.block_size
        self.progress.step(self.step, result.loss, tokens_per_step)
        if self._is_due(self.config.log_every):
            rate = round(self.progress.tokens_per_second, 1)
            self._log.write("train", step=self.step, **result._asdict(), tokens_per_second=rate)

    def _is_due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.config.steps

    def _batch(self) -> tuple[Tensor, Tensor]:
        tokens, block_size = self._data.train_tokens, self.model.config.block_size
        starts = train_starts(
            len(tokens), block_size, self.config.batch_size, seed=self.config.seed, step=self.step
        )
        return to_device(gather(tokens, starts, block_size), self.model.head_weight.device)

    def _fail(self, result: StepResult) -> None:
        self._log.write(
            "nonfinite", step=self.step, loss=repr(result.loss), grad_norm=repr(result.grad_norm)
        )
        kept = f"the checkpoint of step {self._saved_step} is untouched"
        raise TrainingError(
            f"step {self.step}: the loss is {result.loss}, the norm of its gradient "
            f"{result.grad_norm}; {kept if self._saved_step is not None else 'nothing was saved'}. "
            "A smaller --lr or a longer warm-up usually helps"
        )

    def _settings(self) -> dict[str, Any]:
        return {
            "model": self.model.config.to_json(),
            "train": self.config.to_json(),
            "data": self._data.describe(),
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "device": str(self.model.head_weight.device),
        }
