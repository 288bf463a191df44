# The plan, as make sees it: run inside a workspace (make -C "$(BASE)"), so that no path of the user's is a target.
# A stamp says that a step is done; `tools.stamps.changes` has dropped those that no longer agree. Exit code 3 of a tool
# (done, but items failed) goes on; every other one stops.

.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

MILL := "$(PYTHON)" -m tools
CHANGES := "$(PYTHON)" -S -m tools.stamps.changes
done = code=$$?; [ $$code -eq 0 ] || [ $$code -eq 3 ] || exit $$code; $(CHANGES) stamp .
each = $(DATASETS:%=stamps/$1.%)

.PHONY: all stage0 stage1 stage2 stage3 stage4 stage5 stage6 stage7
all: stage7
stage0: stamps/intake
stage1: stamps/extract
stage2: stamps/match
stage3: stamps/mask
stage4: stamps/score $(call each,select)
stage5: $(call each,composite)
stage6: $(call each,caption)
stage7: $(call each,package)

stamps/intake:
	@$(MILL).intake --base .; $(done) intake

stamps/extract: stamps/intake
	@$(MILL).extract --base .; $(done) extract

stamps/detect: stamps/extract
	@$(MILL).detect --base .; $(done) detect

stamps/embed: stamps/detect
	@$(MILL).embed --base .; $(done) embed

stamps/match: stamps/embed
	@$(MILL).match --base .; $(done) match

stamps/mask: stamps/match
	@$(MILL).mask --base .; $(done) mask

stamps/score: stamps/mask
	@$(MILL).score --base .; $(done) score

stamps/select.%: stamps/score
	@$(MILL).select --base . --dataset $*; $(done) select.$*

stamps/composite.%: stamps/select.%
	@$(MILL).composite --base . --dataset $*; $(done) composite.$*

stamps/caption.%: stamps/select.%
	@$(MILL).caption --base . --dataset $*; $(done) caption.$*

stamps/package.%: stamps/composite.% stamps/caption.%
	@$(MILL).package --base . --dataset $*; $(done) package.$*
