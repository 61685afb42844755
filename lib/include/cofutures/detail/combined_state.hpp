// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A state whose outcome others decide: what when_all and when_any have in common. Floor 2, internal.

#include <cofutures/detail/result_state.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace cofutures::detail {

/// Registered with each of its inputs until it is settled or cancelled, and with none afterwards.
///
/// Whoever settles it, and whoever cancels it, takes the registrations back. One that cannot be taken
/// back is about to be told in another thread, and does nothing then. Each registration owns a reference
/// to this state, so that the nodes, which live in it, outlast that.
template <typename Result>
class combined_state : public result_state<Result> {
protected:
    explicit combined_state(std::size_t inputs)
        : nodes_(std::make_unique<node[]>(inputs)), count_(inputs)
    {}

    /// Registers with the next input; false once the outcome is settled. Only the thread that made this
    /// state calls it, before any other has a handle.
    bool watch(shared_state& input) noexcept
    {
        node& added = nodes_[watched_];
        added.owner = this;
        added.index = watched_++;
        this->add_owner();
        input.add_owner();
        added.input.exchange(&input, std::memory_order_acq_rel);
        if (!input.add(added)) {
            input.tell(added);
        } else if (is_settled()) {
            // Whoever settled it may have come by before this node was there. Both looked under the
            // input's lock, so at least one of the two has seen the other.
            withdraw(added, input);
            if (shared_state* const taken = added.take_input()) {
                taken->drop_owner(); // nobody else will; the caller has the input
            }
        }
        return !is_settled();
    }

    /// Takes all registrations back; by the one who settled the outcome, before it shows.
    void leave_inputs() noexcept
    {
        for (std::size_t n = 0; n != count_; ++n) {
            if (shared_state* const input = nodes_[n].take_input()) {
                withdraw(nodes_[n], *input);
                input->drop_owner();
            }
        }
    }

    /// Called when an input is done, by the thread that finished it and with no lock held. Returns the
    /// outcome if this call settled it.
    virtual std::optional<phase> told(shared_state& input, std::size_t index) noexcept = 0;

    void drop_work() noexcept override { leave_inputs(); }

private:
    struct node final : completion_node {
        node() noexcept : completion_node(when::in_turn) {}

        completion_node* complete(shared_state& state) noexcept override
        {
            combined_state& combined = *owner;
            const auto outcome = combined.told(state, index);
            if (shared_state* const taken = take_input()) {
                taken->drop_owner();
            }
            if (outcome) {
                combined.finish_in_turn(*outcome); // takes over the reference of this node
            } else {
                combined.drop_owner();
            }
            return nullptr;
        }

        /// The reference to the input, for one caller. A reference, since a state that is done may go.
        shared_state* take_input() noexcept
        {
            return input.exchange(nullptr, std::memory_order_acq_rel);
        }

        combined_state* owner = nullptr;
        std::size_t index = 0;
        std::atomic<shared_state*> input{nullptr};
    };

    bool is_settled() const noexcept { return this->current() != phase::pending; }

    void withdraw(node& from, shared_state& input) noexcept
    {
        if (input.remove(from)) {
            this->drop_owner(); // never the last one: the caller has one, too
        }
    }

    const std::unique_ptr<node[]> nodes_;
    const std::size_t count_;
    std::size_t watched_ = 0;
};

} // namespace cofutures::detail
