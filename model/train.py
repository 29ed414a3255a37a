"""The training loop: make a batch, take a step, and now and then evaluate and save.

Everything that happens at a step follows from the weights, the optimizer's memory, torch's random
state and the step's number; a checkpoint holds exactly these four. So a run that was stopped and
resumed has, bit for bit, the weights of one that was not (on one CPU, with as many threads, and
without a time budget, which makes the learning rate follow the clock).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from model.architectures import build_model
from model.checkpoint import Checkpoint, TrainingState, collect_tensors, save_checkpoint
from model.config import ModelConfig, TrainConfig
from model.config_base import describe_differences
from model.dataset import TokenDataset
from model.distributed import ALONE, Processes
from model.evaluate import Evaluation, evaluate
from model.flops import Utilization
from model.interrupt import Interrupt, deferred_interrupt
from model.metrics import MetricsLog, environment
from model.nonfinite import NonfiniteGuard
from model.objective import byte_lengths_of, make_batches
from model.optim import current_learning_rate, learning_rate, make_optimizer, set_learning_rate
from model.precision import precision_of
from model.progress import Progress
from model.run_directory import RunDirectory
from model.samples import check_can_write, write_sample
from model.sharding import shard_model, whole
from model.standing import NO_STANDING, Clock, Standing
from model.step import StepResult, accumulate_gradients
from model.transformer import Transformer
from model.vocabulary import tokenizer_files

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer


class Trainer:
    """A model in training.

    Attributes:
        model: The model.
        config: How it is trained.
        step: Steps taken so far.
        standing: The best evaluation so far, and the time it took.
        last_evaluation: What the last evaluation of this process found.
    """

    def __init__(
        self,
        model: Transformer,
        tokenizer: Tokenizer,
        data: TokenDataset,
        config: TrainConfig,
        *,
        step: int = 0,
        standing: Standing = NO_STANDING,
        run: RunDirectory | None = None,
        progress: Progress | None = None,
        processes: Processes = ALONE,
    ) -> None:
        """Use `Trainer.start` or `Trainer.resume`."""
        self.model = model
        self.config = config
        self.step = step
        self.standing = standing
        self.last_evaluation: Evaluation | None = None
        self.progress = progress or Progress(step, config.steps)
        self.batches = make_batches(data, tokenizer, model.config, config)
        self._processes = processes
        self._tokenizer = tokenizer
        self._tokenizer_files: Mapping[str, bytes] = tokenizer_files(tokenizer) if run else {}
        self._byte_lengths_V = byte_lengths_of(tokenizer)
        self._data = data
        self._run = run
        logs_to = run.path if run and processes.is_main else None
        self._log = MetricsLog(logs_to, tensorboard=config.tensorboard)
        self._is_sharded = shard_model(model, config, processes)
        self._optimizer = make_optimizer(model, config)
        self._saved_step: int | None = None
        self._guard = NonfiniteGuard(config.nonfinite, self._log, self.progress)
        self._clock = Clock(standing.seconds, config.time_budget)
        self._precision = precision_of(config, model.device)
        self._utilization = Utilization(model, self._precision, processes.count)
        model.recompute = config.recompute
        if config.sample_every:
            check_can_write(model)
        # The head stays outside: its loss is made in chunks, which a compiler would undo.
        self._hidden: Callable[[Tensor], Tensor] = (
            torch.compile(model.hidden) if config.compile else model.hidden
        )

    @classmethod
    def start(
        cls,
        model_config: ModelConfig,
        tokenizer: Tokenizer,
        data: TokenDataset,
        config: TrainConfig,
        *,
        device: torch.device | str = "cpu",
        weights: Mapping[str, Tensor] | None = None,
        run: RunDirectory | None = None,
        progress: Progress | None = None,
        processes: Processes = ALONE,
    ) -> Trainer:
        """Begin with fresh weights, drawn from the seed on the CPU whatever the device.

        Or with `weights`, those of another model of this shape, such as the GPT that a masked
        language model starts from. Without `run` nothing is saved.
        """
        torch.manual_seed(config.seed)
        model = build_model(model_config)
        if weights is not None:
            model.load_state_dict(weights)
        if processes.rank:
            torch.manual_seed(config.seed + processes.rank)  # each drops out other channels
        model = model.to(device)
        return cls(model, tokenizer, data, config, run=run, progress=progress, processes=processes)

    @classmethod
    def resume(
        cls,
        checkpoint: Checkpoint,
        data: TokenDataset,
        config: TrainConfig,
        *,
        run: RunDirectory | None = None,
        progress: Progress | None = None,
        processes: Processes = ALONE,
    ) -> Trainer:
        """Go on from a checkpoint, exactly, unless `config` or the data changed: then say so."""
        state = checkpoint.state
        more: dict[str, Any] = {"run": run, "progress": progress, "processes": processes}
        trainer = cls(
            checkpoint.model, checkpoint.tokenizer, data, config,
            step=state.step, standing=state.standing, **more,
        )  # fmt: skip
        checkpoint.restore_optimizer(trainer._optimizer)
        checkpoint.restore_random_state()
        trainer._precision.restore(state.loss_scale)
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
            KeyboardInterrupt: Ctrl-C or SIGTERM, whose number it holds; the step was finished
                and saved first.
        """
        self._log.write(
            "start",
            step=self.step,
            model=self.model.config.to_json(),
            train=self.config.to_json(),
            data=self._data.describe(),
            tokens_per_step=self.tokens_per_step,
            **environment(self.model.device, self._processes),
        )
        if self.step == 0:
            self.evaluate()
        with deferred_interrupt() as interrupt:
            while (ended := self._why_to_end(interrupt)) is None:
                self._train_and_log()
                if self._is_due(self.config.eval_every):
                    self.evaluate()
                if self.config.sample_every and self._is_due(self.config.sample_every):
                    self.write_sample()
                if self._is_due(self.config.save_every):
                    self.save()
            if ended:
                self.progress.note(f"step {self.step}: {ended}")
                self.evaluate()
            self.save()
        if interrupt.requested:
            raise KeyboardInterrupt(interrupt.signal_number)

    def train_step(self) -> StepResult:
        """Take one step: forward and backward for each batch, clip, update."""
        self.model.train()
        lr = learning_rate(self.step, self.config, self._clock.share)
        set_learning_rate(self._optimizer, lr)
        batches = self.batches.train(self.step, self._processes.rank, self._processes.count)
        loss = accumulate_gradients(
            self.model, self._hidden, batches, self._processes, self._precision
        )
        self._precision.unscale(self._optimizer)
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.config.grad_clip)
        result = StepResult(loss, whole(norm).item(), current_learning_rate(self._optimizer))
        if self._precision.overflowed(result.loss, result.grad_norm):
            self._log.write("overflow", step=self.step, loss_scale=self._precision.loss_scale)
        elif self._guard.passes(self.step, result.loss, result.grad_norm, self._saved_step):
            self._optimizer.step()
        self._precision.update()
        self._optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return result

    def evaluate(self) -> Evaluation | None:
        """Evaluate on the validation part and log it; a sharded model can only do it together."""
        found = None
        if self._processes.is_main or self._is_sharded:
            found = evaluate(self.model, self.batches.validation(), self._byte_lengths_V)
            self.last_evaluation = found
            self._log.write(
                "evaluate", step=self.step, seconds=round(self._clock.seconds, 3), **asdict(found)
            )
            self.progress.note(
                f"step {self.step}: validation loss {found.loss:.4f}, "
                f"{found.bits_per_byte:.4f} bits per byte"
            )
            self.standing = self.standing.after(found.loss)
            if self.standing.is_best and self.step:
                self.save()
        self._processes.wait()
        return found

    def save(self) -> Path | None:
        """Save a checkpoint, unless there is no run directory or this step is saved already."""
        if self._run is None or self._saved_step == self.step:
            return None
        if not self._processes.is_main and not self._is_sharded:
            return None
        tensors = collect_tensors(self.model, self._optimizer)
        self._saved_step = self.step
        if not self._processes.is_main:
            return None
        state = TrainingState(
            self.step,
            self.model.config,
            self.config,
            self._tokenizer.content_hash,
            self._data.describe(),
            replace(self.standing, seconds=self._clock.seconds),
            self._precision.to_json(),
        )
        path = save_checkpoint(self._run, state, tensors, self._tokenizer_files)
        self._log.write("save", step=self.step, path=path.name)
        return path

    def write_sample(self) -> None:
        """Let the model write, for the log and for whoever looks; one process does."""
        if self._processes.is_main or self._is_sharded:
            text = write_sample(self.model, self._tokenizer, self.config.sample_prompt)
            self._log.write("sample", step=self.step, text=text)
            self.progress.note(f"step {self.step} writes: {text!r}")

    def _train_and_log(self) -> None:
        result = self.train_step()
        self.progress.step(self.step, result.loss, self.tokens_per_step)
        if self._is_due(self.config.log_every):
            rate = self.progress.tokens_per_second
            self._log.write(
                "train",
                step=self.step,
                seconds=round(self._clock.seconds, 3),
                **result._asdict(),
                tokens_per_second=round(rate, 1),
                **self._utilization.of(rate),
            )

    @property
    def is_main(self) -> bool:
        """Whether this is the process that speaks and saves."""
        return self._processes.is_main

    @property
    def tokens_per_step(self) -> int:
        """Tokens that a step sees, of all processes together."""
        return self.batches.tokens_per_step

    def _is_due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.config.steps

    def _why_to_end(self, interrupt: Interrupt) -> str | None:
        """Return None to go on, else what to say; all processes decide the same."""
        mine = self.standing.why_to_end(self.config, self._clock.seconds)
        if self.step >= self.config.steps or interrupt.requested:
            mine = ""
        if self._processes.add_up(mine is not None, self.model.device):
            return mine or ""
        return None
